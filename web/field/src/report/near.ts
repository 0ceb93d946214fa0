// What may be the same matter nearby, of what the phone holds: for the time without the server, which knows more.
import type { CaseOut } from '@wangge/shared/api/types.gen'
import { metres } from './place'

type Held = Pick<CaseOut, 'id' | 'title' | 'status' | 'category' | 'lon' | 'lat'>
const OVER = new Set(['closed', 'archived', 'rejected', 'merged', 'withdrawn', 'void'])
const [SAME_M, ANY_M] = [150, 30]

/** The nearest open case of the same category within 150 m, else of any within 30 m. */
export function nearest<T extends Held>(held: readonly T[], at: { lon: number; lat: number }, category: string | null): T | null {
  const found = held
    .flatMap((c) => (c.lon === null || c.lat === null || OVER.has(c.status) ? [] : [{ c, far: metres(at, { lon: c.lon, lat: c.lat }) }]))
    .filter(({ c, far }) => far <= (category && c.category === category ? SAME_M : ANY_M))
  const rank = ({ c, far }: (typeof found)[number]): number => far + (c.category === category ? 0 : SAME_M)
  return found.sort((a, b) => rank(a) - rank(b))[0]?.c ?? null
}
