// Where one stands: the phone's position, and the grid that holds it, by the server or by the kept borders of one's own grids.
import { placesLocate, placesReadGrid } from '@wangge/shared/api/sdk.gen'
import { got } from '@wangge/shared/src/call'
import type { Kept } from '../kept/kept'

export interface Fix { lon: number; lat: number; accuracy: number }
type Ring = [number, number][]
export interface Border { code: string; name: string; name_en: string; polygons: Ring[][] }
/** `mine`: it lies in one of my grids; null: not known. `metres`: how far the nearest grid is, when none holds it. */
export interface Where { code: string | null; name: string; name_en: string; mine: boolean | null; metres: number }

function inRing([x, y]: [number, number], ring: Ring): boolean {
  let inside = false
  let [bx, by] = ring.at(-1) ?? [0, 0]
  for (const [ax, ay] of ring) {
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
    ;[bx, by] = [ax, ay]
  }
  return inside
}
/** Whether a border holds a point; holes are outside. */
export const holds = (border: Border, point: [number, number]): boolean =>
  border.polygons.some(([outer, ...holes]) => outer !== undefined && inRing(point, outer) && !holes.some((h) => inRing(point, h)))

/** Without the server: one of my grids, or none of them. */
export function amongMine(borders: readonly Border[], { lon, lat }: Pick<Fix, 'lon' | 'lat'>): Where | null {
  if (!borders.length) return null
  const found = borders.find((b) => holds(b, [lon, lat]))
  return found ? { code: found.code, name: found.name, name_en: found.name_en, mine: true, metres: 0 } : { code: null, name: '', name_en: '', mine: false, metres: 0 }
}

/** The borders of my grids, kept for the day; those that are known are not asked for again. */
export async function bordersOf(codes: readonly string[], kept: Kept): Promise<Border[]> {
  const found = await Promise.all(codes.slice(0, 40).map(async (code) => {
    const held = await kept.get<Border>(`border:${code}`)
    if (held) return held.value
    try {
      const grid = await got(placesReadGrid({ path: { code } }))
      const { type, coordinates } = grid.geometry as { type: string; coordinates: unknown }
      const border: Border = { code, name: grid.name, name_en: grid.name_en, polygons: (type === 'Polygon' ? [coordinates] : coordinates) as Ring[][] }
      await kept.put(`border:${code}`, border)
      return border
    } catch {
      return null
    }
  }))
  return found.filter((b) => b !== null)
}

/** By the server; without it among my own. */
export async function whereIs(fix: Pick<Fix, 'lon' | 'lat'>, borders: readonly Border[], mine: readonly string[]): Promise<Where | null> {
  try {
    const answer = await got(placesLocate({ body: { points: [[fix.lon, fix.lat]] } }))
    const base = answer.points[0]?.['base']
    if (!base?.code) return amongMine(borders, fix)
    return { code: base.code, name: base.name ?? '', name_en: base.name_en ?? '', mine: mine.length ? base.inside && mine.includes(base.code) : null, metres: base.inside ? 0 : Math.round(base.distance_m ?? 0) }
  } catch {
    return amongMine(borders, fix)
  }
}

/** Metres between two positions near each other. */
export function metres(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180
  return Math.hypot((b.lat - a.lat) * rad, (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad)) * 6_371_008.8
}

/** Follows the position until it is good enough (20 m) or the function that is answered is called. `told` hears every better one. */
export function follow(told: (fix: Fix) => void, failed: (why: 'denied' | 'none') => void): () => void {
  if (!navigator.geolocation) { failed('none'); return () => undefined }
  let best = Infinity
  const watch = navigator.geolocation.watchPosition(
    ({ coords }) => {
      if (coords.accuracy > best) return
      best = coords.accuracy
      told({ lon: Number(coords.longitude.toFixed(6)), lat: Number(coords.latitude.toFixed(6)), accuracy: Math.round(coords.accuracy) })
      if (best <= 20) navigator.geolocation.clearWatch(watch)
    },
    (error) => { if (best === Infinity) failed(error.code === error.PERMISSION_DENIED ? 'denied' : 'none') },
    { enableHighAccuracy: true, timeout: 20_000, maximumAge: 10_000 },
  )
  return () => navigator.geolocation.clearWatch(watch)
}
