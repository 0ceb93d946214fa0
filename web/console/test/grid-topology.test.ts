import { nextTick } from 'vue'
import { describe, expect, it } from 'vitest'
import { type Draft, EMPTY, bodyOf, leftBehind, lengthened, pointsOf, useDraft } from '../src/admin/places/editor/draft'
import { follow } from '../src/admin/places/editor/follow'
import { type Point, type Shapes, around, boxOf, changedOf, frameOf, freedomOf, geometryOf, holderOf, inserted, moved, removed, shapeOf, snapped } from '../src/admin/places/editor/topology'

// Four squares around (1, 1), each 1 × 1 degree:  c d
//                                                 a b
const square = (x: number, y: number): Point[] => [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
const four: Shapes = new Map([['a', [[square(0, 0)]]], ['b', [[square(1, 0)]]], ['c', [[square(0, 1)]]], ['d', [[square(1, 1)]]]])
const size = (shapes: Shapes, code: string): number =>
  Math.abs((shapes.get(code) ?? []).flat().reduce((sum, ring) => sum + ring.slice(1).reduce((s, q, i) => s + ((ring[i]?.[0] ?? 0) * q[1] - q[0] * (ring[i]?.[1] ?? 0)) / 2, 0), 0))
const whole = (shapes: Shapes) => [...shapes.keys()].reduce((sum, code) => sum + size(shapes, code), 0)

describe('shared borders', () => {
  it('know their corners: free inside, sliding where a border ends on the frame, held at the corners of the frame', () => {
    expect(freedomOf(four, [1, 1])).toBe('free')
    expect(freedomOf(four, [1, 0])).toBe('slides')
    expect(freedomOf(four, [0, 0])).toBe('held')
    expect(around(four, [1, 1])).toHaveLength(4)
    expect(frameOf(four)).toHaveLength(8)
  })
  it('move together, so that nothing is lost or counted twice', () => {
    const next = moved(four, [1, 1], [1.3, 1.2])
    expect(changedOf(four, next).sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(whole(next)).toBeCloseTo(4, 9)
    expect(size(next, 'a')).toBeGreaterThan(1)
    expect(frameOf(next)).toHaveLength(8)
  })
  it('slide along the frame and never leave it', () => {
    const next = moved(four, [1, 0], [1.4, 0.3])
    expect(whole(next)).toBeCloseTo(4, 9)
    expect(changedOf(four, next).sort()).toEqual(['a', 'b'])
    expect(size(next, 'a')).toBeCloseTo(1.2, 6)
    expect(size(moved(four, [1, 0], [9, 0]), 'b')).toBeGreaterThan(0.5) // not past the next corner
  })
  it('stay where the frame holds them, and do not fall onto another corner', () => {
    expect(moved(four, [0, 0], [0.5, 0.5])).toBe(four)
    expect(moved(four, [1, 1], [0, 0])).toBe(four)
  })
  it('get a corner on both sides of an edge, and lose it again', () => {
    const more = inserted(four, [1, 0], [1, 1], [1, 0.5])
    expect(changedOf(four, more).sort()).toEqual(['a', 'b'])
    expect(frameOf(more)).toHaveLength(8)
    const bent = moved(more, [1, 0.5], [1.2, 0.5])
    expect(size(bent, 'a')).toBeCloseTo(1.1, 9)
    expect(changedOf(four, removed(bent, [1.2, 0.5]))).toEqual([])
    expect(removed(four, [1, 1])).toBe(four) // four grids meet there
  })
  it('are drawn to: a corner first, then an edge, then nothing', () => {
    expect(snapped(four, [1.02, 1.01], 0.05)).toEqual([1, 1])
    expect(snapped(four, [1.02, 0.5], 0.05)?.[0]).toBeCloseTo(1, 9)
    expect(snapped(four, [0.5, 0.5], 0.05)).toBeNull()
  })
  it('are found by a point, boxed, and go to GeoJSON and back', () => {
    expect([holderOf(four, [0.5, 1.5]), holderOf(four, [5, 5])]).toEqual(['c', null])
    expect(boxOf(four.values())).toEqual([0, 0, 2, 2])
    const a = four.get('a') ?? []
    expect(shapeOf(geometryOf(a))).toEqual(a)
    expect(geometryOf([...a, ...a]).type).toBe('MultiPolygon')
  })
})

describe('a drawn ring', () => {
  const ring = square(0, 0)
  it('moves the corner of all, from where the hand began', () => {
    const one = follow({ base: four, ring }, [[0, 0], [1, 0], [1.1, 1.1], [0, 1], [0, 0]])
    const two = follow(one, [[0, 0], [1, 0], [1.3, 1.2], [0, 1], [0, 0]])
    expect(two.base).toBe(four)
    expect(two.live).toEqual(moved(four, [1, 1], [1.3, 1.2]))
  })
  it('slides without leaving a trail, has its closing corner, gets corners and loses them', () => {
    let state = follow({ base: four, ring }, [[0, 0], [1.1, 0], [1, 1], [0, 1], [0, 0]])
    state = follow(state, [[0, 0], [1.2, 0.1], [1, 1], [0, 1], [0, 0]])
    expect(state.live.get('a')?.[0]?.[0]).toHaveLength(6)
    expect(follow({ base: four, ring: square(1, 1) }, [[1.2, 1.2], [2, 1], [2, 2], [1, 2], [1.2, 1.2]]).live).toEqual(moved(four, [1, 1], [1.2, 1.2]))
    const more = follow({ base: four, ring }, [[0, 0], [1, 0], [1, 0.5], [1, 1], [0, 1], [0, 0]])
    expect(more.live).toEqual(inserted(four, [1, 0], [1, 1], [1, 0.5]))
    expect(follow(more, ring).live).toEqual(four)
  })
})

describe('a draft', () => {
  const d = (patch: Partial<Draft>): Draft => ({ ...EMPTY, ...patch })
  it('asks for nothing until it is whole', () => {
    expect([d({}), d({ tool: 'merge', picked: ['a'] }), d({ tool: 'split', picked: ['a'] }), d({ tool: 'give', area: [[0, 0], [1, 0], [0, 1]] })].map((x) => bodyOf(x))).toEqual([null, null, null, null])
    expect(bodyOf(d({ tool: 'merge', picked: ['a', 'b'] }), ['新名'])).toEqual({ kind: 'merge', grids: ['a', 'b'], names: ['新名'] })
    expect(bodyOf(d({ tool: 'split', picked: ['a'], count: 3 }))).toEqual({ kind: 'split', grids: ['a'], count: 3 })
    expect(bodyOf(d({ tool: 'give', picked: ['a'], area: [[0, 0], [1, 0], [0, 1]] }))?.area).toEqual({ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [0, 1], [0, 0]]] })
    expect(Object.keys(bodyOf(d({ shapes: { a: four.get('a') ?? [] } }))?.shapes ?? {})).toEqual(['a'])
  })
  it('cuts with a line that reaches over the border', () => {
    const line = lengthened([[0, 0], [0, 1]])
    expect([line[0]?.[1], line[3]?.[1]]).toEqual([-2e-5, 1.00002])
  })
  it('reads coordinates a line each, and nothing else', () => {
    expect(pointsOf('114.05, 22.53\n114.06，22.54\n')).toEqual([[114.05, 22.53], [114.06, 22.54]])
    expect([pointsOf('22.53 114.05 3'), pointsOf('somewhere')]).toEqual([null, null])
  })
  it('is undone and done again, and is there after the page was loaded anew', async () => {
    const home = { layer: 'base', version: 1, within: '440304010001' }
    const one = useDraft()
    expect(one.begin(home)).toBe(false)
    one.change({ tool: 'merge', picked: ['a'] })
    one.change({ picked: ['a', 'b'] })
    one.undo()
    expect(one.draft.value.picked).toEqual(['a'])
    one.redo()
    await nextTick()
    const two = useDraft()
    expect(two.begin(home)).toBe(true)
    expect(two.draft.value.picked).toEqual(['a', 'b'])
    expect(two.canUndo.value).toBe(true)
    expect(useDraft().begin({ ...home, within: '440304010002' })).toBe(false)
    two.drop()
    expect(leftBehind()).toBeNull()
  })
})
