import { describe, expect, it } from 'vitest'
import { begin, isEmpty, lacking, reportOf } from '../src/report/draft'
import { amongMine, type Border, holds, metres } from '../src/report/place'
import { headOf, isArrow, spot } from '../src/report/arrow'
import { nearest } from '../src/report/near'
import { isWeak } from '../src/start/pin'
import { inTurn } from '../src/todo/route'

const square: Border = { code: '1', name: '一格', name_en: '', polygons: [[[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], [[0.5, 0.5], [1, 0.5], [1, 1], [0.5, 1], [0.5, 0.5]]]] }

describe('a place without a network', () => {
  it('is in one of my grids, in a hole of one, or in none', () => {
    expect(holds(square, [1.5, 1.5])).toBe(true)
    expect(holds(square, [0.7, 0.7])).toBe(false)
    expect(amongMine([square], { lon: 1.5, lat: 1.5 })?.mine).toBe(true)
    expect(amongMine([square], { lon: 3, lat: 3 })).toMatchObject({ code: null, mine: false })
    expect(amongMine([], { lon: 3, lat: 3 })).toBeNull()
  })
  it('is so far from another', () => {
    expect(metres({ lon: 114, lat: 22.5 }, { lon: 114, lat: 22.501 })).toBeCloseTo(111.2, 0)
  })
})

describe('a draft', () => {
  it('needs words or a category, a place, and what shows that it is solved', () => {
    const d = begin()
    expect(isEmpty(d, 0)).toBe(true)
    expect(lacking(d, [])).toEqual(['what', 'place'])
    Object.assign(d, { category: 'c', point: { lon: 1, lat: 2 } })
    expect(lacking(d, [])).toEqual([])
    Object.assign(d, { solved: true })
    expect(lacking(d, [{ role: 'report' }])).toEqual(['result', 'after'])
    Object.assign(d, { result: '已清理' })
    expect(lacking(d, [{ role: 'after' }])).toEqual([])
  })
  it('is reported by its category’s name when nothing was typed, and keeps the photos of after for the result', () => {
    const photo = { id: 'f', of: '', standing: 'draft' as const, size: 1, sent: 0, name: '', kind: 'photo' as const, type: 'image/jpeg', sha256: 'ab', thumb: '' }
    const made = reportOf({ ...begin(), category: 'c', point: { lon: 1, lat: 2 } }, [{ ...photo, role: 'report' }, { ...photo, id: 'g', role: 'after' }], '暴露垃圾')
    expect(made.text).toBe('暴露垃圾')
    expect(made.evidence).toEqual([{ id: 'f', kind: 'photo', sha256: 'ab', role: 'report' }])
  })
})

it('refuses the PINs that anybody tries first', () => {
  for (const weak of ['111111', '123456', '654321', '121212', '123123', '12345', 'abcdef']) expect(isWeak(weak), weak).toBe(true)
  for (const fine of ['270418', '918273', '112233']) expect(isWeak(fine), fine).toBe(false)
})

describe('what may be the same nearby, without the server', () => {
  const held = (id: string, north: number, more: object = {}) => ({ id, title: id, status: 'handling' as const, category: 'a', lon: 114.05, lat: 22.52 + north / 111_195, ...more })
  const here = { lon: 114.05, lat: 22.52 }
  it('is an open case of the category, else whatever is at the very spot', () => {
    const all = [held('far', 200), held('near', 100), held('other', 20, { category: 'b' }), held('done', 5, { status: 'closed' }), held('nowhere', 0, { lon: null })]
    expect(nearest(all, here, 'a')?.id).toBe('near')
    expect(nearest(all, here, null)?.id).toBe('other')
    expect(nearest(all.slice(0, 1), here, 'a')).toBeNull()
  })
})

describe('an arrow on a photo', () => {
  it('points where it was drawn to, whatever the size, and a tap is none', () => {
    const { tip, left, right, neck } = headOf({ from: spot(0, 0.5), to: spot(0.5, 0.5) }, 400, 200, 10)
    expect(tip).toEqual({ x: 200, y: 100 })
    expect(neck).toEqual({ x: 192, y: 100 })
    expect([left.x, right.x].every((x) => x < tip.x)).toBe(true)
    expect(left.y - tip.y).toBeCloseTo(tip.y - right.y)
    expect(spot(1.4, -2)).toEqual({ x: 1, y: 0 })
    expect(isArrow({ from: spot(0.5, 0.5), to: spot(0.51, 0.5) })).toBe(false)
    expect(isArrow({ from: spot(0.5, 0.5), to: spot(0.6, 0.6) })).toBe(true)
  })
})

describe('a route', () => {
  it('goes to the nearest next, and leaves out what has no place', () => {
    const at = (id: string, lon: number | null) => ({ id, lon, lat: lon === null ? null : 22.5 })
    const stops = inTurn({ lon: 114, lat: 22.5 }, [at('east', 114.002), at('none', null), at('west', 113.997), at('far east', 114.004)])
    expect(stops.map((s) => s.row.id)).toEqual(['east', 'far east', 'west']) // by distance from here the west would come second
    expect(stops.map((s) => Math.round(s.metres / 10))).toEqual([21, 21, 72])
    expect(inTurn({ lon: 114, lat: 22.5 }, [])).toEqual([])
  })
})
