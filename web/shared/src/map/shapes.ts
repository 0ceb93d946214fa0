// Shapes made here: the circle of an accuracy, the hexagon of a count; and how long and large what is drawn is.
import type { Feature, Polygon, Position } from 'geojson'

const R = 6_371_008.8 // metres, the mean radius: distances and areas of a town are right to some parts in a thousand
const PLANE = 6_378_137 // metres, the sphere of the web's Mercator
const RAD = Math.PI / 180

const polygon = (ring: Position[]): Feature<Polygon> => ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } })

/** The circle of so many metres around a point. */
export function circle(lon: number, lat: number, metres: number): Feature<Polygon> {
  const [dy, dx] = [metres / R / RAD, metres / R / RAD / Math.cos(lat * RAD)]
  return polygon(Array.from({ length: 49 }, (_, i) => { const a = (i / 48) * 2 * Math.PI; return [lon + dx * Math.cos(a), lat + dy * Math.sin(a)] }))
}

/** A hexagon with a flat side up, regular on the screen; `size`: middle to corner, in metres of the web's Mercator plane. */
export function hexagon(lon: number, lat: number, size: number): Feature<Polygon> {
  const wide = size / PLANE / RAD
  const tall = wide * Math.cos(lat * RAD) // the plane draws a degree of latitude 1 / cos as long
  return polygon(Array.from({ length: 7 }, (_, i) => { const a = (i / 3) * Math.PI; return [lon + wide * Math.cos(a), lat + tall * Math.sin(a)] }))
}

/** The way along a line, in metres. */
export function length(line: readonly Position[]): number {
  let sum = 0
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]] as [number[], number[]]
    const [lat1, lat2] = [(a[1] ?? 0) * RAD, (b[1] ?? 0) * RAD]
    const h = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((((b[0] ?? 0) - (a[0] ?? 0)) * RAD) / 2) ** 2
    sum += 2 * R * Math.asin(Math.min(1, Math.sqrt(h)))
  }
  return sum
}

/** The area within a ring, in square metres. */
export function area(ring: readonly Position[]): number {
  let sum = 0
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i], ring[(i + 1) % ring.length]] as [number[], number[]]
    sum += ((b[0] ?? 0) - (a[0] ?? 0)) * RAD * (2 + Math.sin((a[1] ?? 0) * RAD) + Math.sin((b[1] ?? 0) * RAD))
  }
  return Math.abs((sum * R * R) / 2)
}
