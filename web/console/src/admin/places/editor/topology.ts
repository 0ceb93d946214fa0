// Grids that share their borders, edited so that they go on sharing them: a corner is moved in every grid that has it. Nothing here knows
// a map. Coordinates are WGS 84 degrees on the lattice of the server (1e-7 degree, docs/places.md).

export type Point = readonly [lon: number, lat: number]
/** Closed: the last point is the first. */
export type Ring = readonly Point[]
/** The polygons of a grid (most have one), each its outer ring and its holes. */
export type Shape = readonly (readonly Ring[])[]
export type Shapes = ReadonlyMap<string, Shape>

const UNITS = 1e7
export const onLattice = ([lon, lat]: Point): Point => [Math.round(lon * UNITS) / UNITS, Math.round(lat * UNITS) / UNITS]
export const keyOf = ([lon, lat]: Point): string => `${Math.round(lon * UNITS)},${Math.round(lat * UNITS)}`
export const same = (a: Point, b: Point): boolean => keyOf(a) === keyOf(b)

type Geometry = { type: 'Polygon'; coordinates: Ring[] } | { type: 'MultiPolygon'; coordinates: Ring[][] }
export const shapeOf = (geometry: Geometry): Shape => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates)
export const geometryOf = (shape: Shape): Geometry =>
  (shape.length === 1 && shape[0] ? { type: 'Polygon', coordinates: [...shape[0]] } : { type: 'MultiPolygon', coordinates: shape.map((p) => [...p]) })

/** A ring's points once each, and back. */
const opened = (ring: Ring): Point[] => ring.slice(0, -1)
const closed = (points: readonly Point[]): Ring => (points[0] ? [...points, points[0]] : [])

function withRings(shapes: Shapes, change: (points: Point[]) => Point[] | null): Shapes {
  const next = new Map(shapes)
  for (const [code, shape] of shapes) {
    let touched = false
    const made = shape.map((polygon) => polygon.map((ring) => {
      const points = change(opened(ring))
      if (points) touched = true
      return points ? closed(points) : ring
    }))
    if (touched) next.set(code, made)
  }
  return next
}

interface Around { point: Point; /** Rings that run along the edge to it: two inside the place, one on its frame. */ rings: number }
/** The corners next to a corner, over all grids. */
export function around(shapes: Shapes, corner: Point): Around[] {
  const at = keyOf(corner)
  const found = new Map<string, Around>()
  const see = (point: Point | undefined) => {
    if (!point) return
    const known = found.get(keyOf(point))
    found.set(keyOf(point), { point, rings: (known?.rings ?? 0) + 1 })
  }
  for (const shape of shapes.values()) {
    for (const ring of shape.flat()) {
      const points = opened(ring)
      points.forEach((p, i) => {
        if (keyOf(p) !== at) return
        see(points[(i + points.length - 1) % points.length])
        see(points[(i + 1) % points.length])
      })
    }
  }
  return [...found.values()]
}

/** What may be done with a corner: moved freely inside; slid along the frame where a border of two grids ends on it; else held by the frame. */
export function freedomOf(shapes: Shapes, corner: Point): 'free' | 'slides' | 'held' {
  const near = around(shapes, corner)
  if (near.every((n) => n.rings > 1)) return 'free'
  return near.length > 2 && near.filter((n) => n.rings === 1).length === 2 ? 'slides' : 'held'
}

/** The corner elsewhere, in every grid that has it. One on the frame slides along it; one that the frame holds stays. */
export function moved(shapes: Shapes, corner: Point, to: Point): Shapes {
  const goal = onLattice(to)
  const freedom = freedomOf(shapes, corner)
  if (freedom === 'held' || same(goal, corner)) return shapes
  if (freedom === 'slides') return slid(shapes, corner, goal)
  const taken = [...shapes.values()].some((s) => s.flat().some((r) => r.some((p) => same(p, goal))))
  if (taken) return shapes // on another corner: an edge would vanish
  return withRings(shapes, (points) => (points.some((p) => same(p, corner)) ? points.map((p) => (same(p, corner) ? goal : p)) : null))
}

/** How near a sliding corner may come to the next one of the frame. */
const ROOM = 0.97
function slid(shapes: Shapes, corner: Point, to: Point): Shapes {
  const frame = around(shapes, corner).filter((n) => n.rings === 1).map((n) => n.point)
  const found = frame.map((end) => ({ end, at: Math.min(ROOM, shareOf(corner, end, to)) }))
    .map(({ end, at }) => ({ end, at: onLattice(between(corner, end, at)) }))
    .sort((a, b) => distance(a.at, to) - distance(b.at, to))[0]
  const other = frame.find((end) => found && !same(end, found.end))
  if (!found || !other || same(found.at, corner)) return shapes
  // the grid behind the corner keeps it, as a point of the frame, and goes on to the new one; for all others it is the new one
  return withRings(shapes, (points) => {
    const i = points.findIndex((p) => same(p, corner))
    if (i < 0) return null
    const next = [...points]
    const before = points[(i + points.length - 1) % points.length]
    const after = points[(i + 1) % points.length]
    if (before && same(before, other)) next.splice(i + 1, 0, found.at)
    else if (after && same(after, other)) next.splice(i, 0, found.at)
    else next[i] = found.at
    return next
  })
}

/** A new corner on the edge of two corners, in every grid that has the edge. */
export function inserted(shapes: Shapes, a: Point, b: Point, at: Point): Shapes {
  const point = onLattice(at)
  if (same(point, a) || same(point, b)) return shapes
  return withRings(shapes, (points) => {
    const next: Point[] = []
    let touched = false
    points.forEach((p, i) => {
      next.push(p)
      const q = points[(i + 1) % points.length]
      if (q && ((same(p, a) && same(q, b)) || (same(p, b) && same(q, a)))) {
        next.push(point)
        touched = true
      }
    })
    return touched ? next : null
  })
}

/** Without a corner that lies between two others, inside the place; any other stays, and so does one that a triangle needs. */
export function removed(shapes: Shapes, corner: Point): Shapes {
  if (freedomOf(shapes, corner) !== 'free' || around(shapes, corner).length !== 2) return shapes
  const needed = [...shapes.values()].some((s) => s.flat().some((r) => r.length <= 4 && r.some((p) => same(p, corner))))
  return needed ? shapes : withRings(shapes, (points) => (points.some((p) => same(p, corner)) ? points.filter((p) => !same(p, corner)) : null))
}

/** The grids whose border is another one than it was. */
export const changedOf = (before: Shapes, after: Shapes): string[] =>
  [...after.keys()].filter((code) => after.get(code) !== before.get(code) && JSON.stringify(after.get(code)) !== JSON.stringify(before.get(code)))

/** The edges that only one grid has: the frame of the place, which editing keeps. */
export function frameOf(shapes: Shapes): [Point, Point][] {
  const edges = new Map<string, [Point, Point] | null>()
  for (const shape of shapes.values()) {
    for (const ring of shape.flat()) {
      ring.slice(1).forEach((q, i) => {
        const p = ring[i] as Point
        const key = [keyOf(p), keyOf(q)].sort().join(' ')
        edges.set(key, edges.has(key) ? null : [p, q])
      })
    }
  }
  return [...edges.values()].filter((e) => e !== null)
}

// — measures: degrees of latitude, with longitudes as long as they are there ————————————————————————————————————————————————————————————

const vector = (a: Point, b: Point): [number, number] => [(b[0] - a[0]) * Math.cos((a[1] * Math.PI) / 180), b[1] - a[1]]
export const distance = (a: Point, b: Point): number => Math.hypot(...vector(a, b))
/** Where on the way from one to the other a point is nearest: 0 … 1. */
function shareOf(a: Point, b: Point, p: Point): number {
  const [x, y] = vector(a, b)
  const [u, v] = vector(a, p)
  const square = x * x + y * y
  return square ? Math.min(1, Math.max(0, (x * u + y * v) / square)) : 0
}
const between = (a: Point, b: Point, share: number): Point => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]

/** The corner within `reach` (degrees of latitude) of a point, else the nearest point of a border, else null. */
export function snapped(shapes: Shapes, p: Point, reach: number): Point | null {
  let corner: Point | null = null
  let edge: Point | null = null
  let toCorner = reach
  let toEdge = reach
  for (const shape of shapes.values()) {
    for (const ring of shape.flat()) {
      ring.forEach((b, i) => {
        const d = distance(b, p)
        if (d < toCorner) { toCorner = d; corner = b }
        const a = ring[i - 1]
        if (!a) return
        const near = between(a, b, shareOf(a, b, p))
        const e = distance(near, p)
        if (e < toEdge) { toEdge = e; edge = near }
      })
    }
  }
  return corner ?? edge
}

/** The box of shapes: west, south, east, north; null of none. */
export function boxOf(shapes: Iterable<Shape>): [number, number, number, number] | null {
  const points = [...shapes].flat(2).flat() as unknown as Point[]
  if (!points.length) return null
  const [lons, lats] = [points.map((p) => p[0]), points.map((p) => p[1])]
  const least = (of: number[]) => of.reduce((a, b) => Math.min(a, b), Infinity)
  const most = (of: number[]) => of.reduce((a, b) => Math.max(a, b), -Infinity)
  return [least(lons), least(lats), most(lons), most(lats)]
}

/** The grid that holds a point (by crossings; borders count as whichever is met first), null when none does. */
export function holderOf(shapes: Shapes, [x, y]: Point): string | null {
  for (const [code, shape] of shapes) {
    let inside = false
    for (const ring of shape.flat()) {
      ring.slice(1).forEach((b, i) => {
        const a = ring[i] as Point
        if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside
      })
    }
    if (inside) return code
  }
  return null
}
