// From what a drawing tool makes of one grid's ring to what that means for all grids that share it.
import { type Point, type Ring, type Shapes, inserted, moved, removed, same } from './topology'

export interface Followed {
  /** Where the gesture began: a corner that is dragged is moved from there, however many steps the hand makes. */
  base: Shapes
  ring: Ring
  /** All grids as they are at this step. */
  live: Shapes
}

const at = (ring: Ring, i: number): Point => ring[((i % (ring.length - 1)) + ring.length - 1) % (ring.length - 1)] as Point

/** The ring has become `next`: a corner moved, came, or went. Anything else leaves all as it is. */
export function follow({ base, ring }: Pick<Followed, 'base' | 'ring'>, next: Ring): Followed {
  const corners = ring.length - 1
  const more = next.length - 1 - corners
  let first = 0
  while (first < Math.min(corners, next.length - 1) && same(at(ring, first), at(next, first))) first++
  if (more === 0) return { base, ring, live: first < corners ? moved(base, at(ring, first), at(next, first)) : base }
  const made = more === 1 ? inserted(base, at(ring, first - 1), at(ring, first), at(next, first)) : more === -1 ? removed(base, at(ring, first)) : base
  return { base: made, ring: next, live: made }
}
