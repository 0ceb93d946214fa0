import { describe, expect, it } from 'vitest'
import { daysBetween, monthsOf, plus, sortOf, weekday } from '../src/admin/rules/days'
import { partsOf } from '../src/admin/rules/template'

const hours = [
  { since: '2000-01-01', week: ['9', '9', '9', '9', '9', '', ''], make_up: '9', urgent: '0' },
  { since: '2026-07-01', week: ['8', '8', '8', '8', '8', '8', ''], make_up: '8', urgent: '0' },
]

describe('days of the calendar', () => {
  it('are counted over months, leap years and years', () => {
    expect(plus('2028-02-28', 1)).toBe('2028-02-29')
    expect(plus('2026-01-01', -1)).toBe('2025-12-31')
    expect(weekday('2026-11-23')).toBe(0)
    expect(monthsOf(2028).map((m) => m.length)).toEqual([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
  })
  it('are one day when the second is not later', () => {
    expect(daysBetween('2026-10-01', '2026-10-03')).toEqual(['2026-10-01', '2026-10-02', '2026-10-03'])
    expect(daysBetween('2026-10-03', '2026-10-01')).toEqual(['2026-10-03'])
  })
  it('are what their exception says, else what their weekday is in that season', () => {
    const day = { day: '2026-10-10', working: true, name: '', name_en: '', source: '' }
    expect(sortOf('2026-10-10', day, hours)).toBe('work')
    expect(sortOf('2026-10-01', { ...day, working: false }, hours)).toBe('holiday')
    expect(sortOf('2026-06-27', undefined, hours)).toBe('rest')
    expect(sortOf('2026-07-04', undefined, hours)).toBe('usual')
  })
})

describe('the text of a template', () => {
  it('falls into words and what is filled in, and keeps braces of its own', () => {
    expect(partsOf('案件 {number} 已办结{{附件}}')).toEqual([{ text: '案件 ' }, { text: '{number}', name: 'number' }, { text: ' 已办结{附件}' }])
    expect(partsOf('没有配对 { 的')).toEqual([{ text: '没有配对 { 的' }])
  })
})
