// The way over several cases: the nearest next, again and again; the phone's own map leads to each.
import { metres } from '../report/place'

interface Placed { id: string; lon: number | null; lat: number | null }
/** `metres`: from the stop before it, as the crow flies. */
export interface Stop<T> { row: T; metres: number }

/** Those that have a place, each once, from `here` on. */
export function inTurn<T extends Placed>(here: { lon: number; lat: number }, rows: readonly T[]): Stop<T>[] {
  const left = new Map(rows.filter((r) => r.lon !== null && r.lat !== null).map((row) => [row.id, { row, at: { lon: row.lon ?? 0, lat: row.lat ?? 0 } }]))
  const stops: Stop<T>[] = []
  for (let from = here; left.size;) {
    const next = [...left.values()].map((stop) => ({ ...stop, far: metres(from, stop.at) })).reduce((a, b) => (b.far < a.far ? b : a))
    stops.push({ row: next.row, metres: next.far })
    left.delete(next.row.id)
    from = next.at
  }
  return stops
}

/** Opens the phone's own map at a place. */
export const wayTo = ({ lon, lat }: Pick<Placed, 'lon' | 'lat'>): string => `geo:${lat},${lon}?q=${lat},${lon}`
