// What the phone holds, as the map draws it.
import type { CaseRow } from '@wangge/shared/api/types.gen'
import { standingOf } from '@wangge/shared/src/clock'
import type { Cell } from '@wangge/shared/src/map/signs'
import type { Border } from '../report/place'

export const cellsOf = (rows: readonly CaseRow[], now: number): (Cell & { case: { id: string; status: CaseRow['status'] } })[] =>
  rows.flatMap((r) => {
    if (r.lon === null || r.lat === null) return []
    const standing = standingOf(r.due_at, now, r.status === 'suspended')
    return [{ lon: r.lon, lat: r.lat, count: 1, overdue: Number(standing === 'late'), soon: Number(standing === 'soon'), case: { id: r.id, status: r.status } }]
  })

/** Where it opens: in the middle of my first grid, else at the first case. */
export function openAt(borders: readonly Border[], rows: readonly CaseRow[]): [number, number] | undefined {
  const ring = borders[0]?.polygons[0]?.[0]
  if (ring?.length) {
    const mean = (i: 0 | 1) => ring.reduce((sum, p) => sum + p[i], 0) / ring.length
    return [mean(0), mean(1)]
  }
  const first = rows.find((r) => r.lon !== null && r.lat !== null)
  return first ? [first.lon as number, first.lat as number] : undefined
}
