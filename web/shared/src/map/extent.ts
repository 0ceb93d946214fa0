// Where a map of some areas opens.
import { placesListAreas, placesReadArea } from '../../api/sdk.gen'
import { got } from '../call'
import type { Box } from './view'

const asked = new Map<string, Promise<Box | null>>()

/** The box of an area, null while it has no border. Asked for once. */
function boxOf(code: string): Promise<Box | null> {
  let found = asked.get(code)
  if (!found) {
    found = got(placesReadArea({ path: { code } })).then((area) => area.box as Box | null)
    found.catch(() => asked.delete(code))
    asked.set(code, found)
  }
  return found
}

/** The box around these areas, around all districts when there are none; undefined while none of them has a border. */
export async function extentOf(codes: readonly string[]): Promise<Box | undefined> {
  const all = codes.length ? codes : (await got(placesListAreas({ query: { level: 'district', limit: 100 } }))).items.filter((a) => a.has_border).map((a) => a.code)
  const boxes = (await Promise.all(all.map((code) => boxOf(code).catch(() => null)))).filter((b): b is Box => b !== null)
  const side = (i: 0 | 1 | 2 | 3, of: (...all: number[]) => number) => of(...boxes.map((b) => b[i]))
  return boxes.length ? [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)] : undefined
}
