// GCJ-02, the offset of Chinese web maps: the formula of wangge/kernel/geo/systems.py, and where a tile of ours lies among tiles that are drawn in it.
const A = 6_378_245
const EE = 0.006693421622965943
const RAD = Math.PI / 180

/** GCJ-02 degrees of WGS 84 degrees; the same outside China. */
export function gcj02(lon: number, lat: number): [number, number] {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat]
  const [x, y, { PI: p, sin, sqrt, abs }] = [lon - 105, lat - 35, Math]
  const wave = ((20 * sin(6 * x * p) + 20 * sin(2 * x * p)) * 2) / 3
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
  north += ((20 * sin(y * p) + 40 * sin((y / 3) * p) + 160 * sin((y / 12) * p) + 320 * sin((y / 30) * p)) * 2) / 3
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
  east += ((20 * sin(x * p) + 40 * sin((x / 3) * p) + 150 * sin((x / 12) * p) + 300 * sin((x / 30) * p)) * 2) / 3
  const magic = 1 - EE * sin(lat * RAD) ** 2
  return [lon + east / ((A / sqrt(magic)) * Math.cos(lat * RAD)) / RAD, lat + north / ((A * (1 - EE)) / magic ** 1.5) / RAD]
}

/** Places on the web's Mercator plane, in tiles of a zoom from its north-west corner. */
export const tileOf = (lon: number, lat: number, z: number): [number, number] =>
  [((lon + 180) / 360) * 2 ** z, (0.5 - Math.asinh(Math.tan(lat * RAD)) / (2 * Math.PI)) * 2 ** z]
const degreesOf = (x: number, y: number, z: number): [number, number] =>
  [(x / 2 ** z) * 360 - 180, Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) / RAD]

/** Of a square part of a tile of ours (`to`, from 0 to 1) the rectangle of the plane of GCJ-02 that is drawn there (`from`, in tiles): x, y, width, height. */
export interface Patch { to: [number, number, number, number]; from: [number, number, number, number] }
/** The offset changes by some metres over a kilometre: a fourth of a tile hardly feels it. */
const PARTS = 4

export function patches(z: number, x: number, y: number): Patch[] {
  const corner = (i: number, j: number): [number, number] => {
    const [lon, lat] = degreesOf(x + i / PARTS, y + j / PARTS, z)
    return tileOf(...gcj02(lon, lat), z)
  }
  return Array.from({ length: PARTS * PARTS }, (_, n) => {
    const [i, j] = [n % PARTS, Math.floor(n / PARTS)]
    const [[west, north], [east, south]] = [corner(i, j), corner(i + 1, j + 1)]
    return { to: [i / PARTS, j / PARTS, 1 / PARTS, 1 / PARTS], from: [west, north, east - west, south - north] }
  })
}
