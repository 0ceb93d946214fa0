import { expect, test } from 'vitest'
import { strokes } from '../src/map/look'
import { area, circle, hexagon, length } from '../src/map/shapes'
import { signOf, standing } from '../src/map/signs'

const cell = { lon: 114, lat: 22.5, count: 1, overdue: 0, soon: 0 }

test('a point says how its clock stands, a pause first', () => {
  expect(standing(cell)).toBe('in-time')
  expect(standing({ ...cell, soon: 1 })).toBe('soon')
  expect(standing({ ...cell, overdue: 1, soon: 0 })).toBe('late')
  expect(standing({ ...cell, overdue: 1, case: { id: 'x', status: 'suspended' } })).toBe('paused')
  expect(standing({ ...cell, case: { id: 'x', status: 'closed' } })).toBe('ended')
})

test('a share in a cluster is never drawn as nothing, nor a part as the whole', () => {
  expect(signOf({ ...cell, count: 900, overdue: 1, soon: 0 })).toBe('cluster:2:1:0')
  expect(signOf({ ...cell, count: 900, overdue: 899, soon: 1 })).toBe('cluster:2:11:1')
  expect(signOf({ ...cell, count: 5, overdue: 5 })).toBe('cluster:0:12:0')
})

test('stacked layers keep their stroke whatever is shown, the base has none', () => {
  const all = [{ key: 'police', kind: 'specialised' }, { key: 'base', kind: 'base' }, { key: 'fire', kind: 'specialised' }]
  const found = strokes(all, false)
  expect([...found.keys()]).toEqual(['fire', 'police'])
  expect(new Set([...found.values()].map((s) => s.hue)).size).toBe(2)
  expect(strokes([...all].reverse(), false)).toEqual(found)
})

test('lengths and areas are those of the ground', () => {
  expect(length([[114, 22], [114, 23]])).toBeCloseTo(111_195, -1)
  const ring = circle(114, 22.5, 1000).geometry.coordinates[0] ?? []
  expect(area(ring) / (Math.PI * 1e6)).toBeCloseTo(1, 1)
  expect(length(ring) / (2 * Math.PI * 1000)).toBeCloseTo(1, 1)
  expect(hexagon(114, 22.5, 0.01).geometry.coordinates[0]).toHaveLength(7)
})
