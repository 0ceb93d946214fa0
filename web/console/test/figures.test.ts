import { describe, expect, it } from 'vitest'
import { PERIODS, before, daysOf, fromUrl, lengthOf, narrowed, stepOf, toUrl } from '../src/figures/asked'
import { told } from '../src/figures/values'

const TODAY = '2026-03-31'
const asked = fromUrl({}, TODAY)

describe('a running period', () => {
  it.each([
    ['30d', '2026-03-02', TODAY], ['month', '2026-03-01', TODAY], ['last_month', '2026-02-01', '2026-02-28'], ['quarter', '2026-01-01', TODAY],
    ['year', '2026-01-01', TODAY], ['12m', '2025-04-01', TODAY],
  ] as const)('%s', (period, from, to) => expect(daysOf(period, TODAY)).toEqual([from, to]))
  it('in January, last month is last year’s', () => expect(daysOf('last_month', '2026-01-05')).toEqual(['2025-12-01', '2025-12-31']))
})

describe('the address of figures', () => {
  it('says nothing of what is usual', () => expect(toUrl(asked)).toEqual({}))
  it.each(PERIODS)('keeps a period that moves on: %s', (period) => expect(fromUrl(toUrl({ ...asked, period }) as never, TODAY).period).toBe(period))
  it('says days, scope and cut', () => {
    const given = { from: '2026-01-02', to: '2026-01-05', area: '440304010', channel: 'hotline', by: 'unit', step: 'day', figure: 'closed', sort: 'late' }
    expect(toUrl(fromUrl(given, TODAY))).toEqual(given)
  })
  it('leaves out what it does not know', () => {
    expect(fromUrl({ area: 'x', by: 'colour', step: 'hour', from: '2026-13-40', to: '2026-01-05' }, TODAY)).toEqual(asked)
  })
})

describe('the period before', () => {
  it('has as many days and ends the day before', () => {
    const [from, to] = before('2026-03-01', TODAY)
    expect([from, to]).toEqual(['2026-01-29', '2026-02-28'])
    expect(lengthOf(from, to)).toBe(31)
  })
})

describe('steps and ways down', () => {
  it('are as long as the period wants', () => {
    expect(stepOf({ step: null, from: '2026-03-01', to: TODAY })).toBe('day')
    expect(stepOf({ step: null, from: '2026-01-01', to: TODAY })).toBe('week')
    expect(stepOf({ step: null, from: '2025-04-01', to: TODAY })).toBe('month')
    expect(stepOf({ step: 'day', from: '2024-01-01', to: TODAY })).toBe('month') // more points than there are answers for
  })
  it('lead from a street to its communities, and nowhere from who has no name', () => {
    expect(narrowed(asked, 'street', '440304010')).toEqual({ area: '440304010', by: 'community' })
    expect(narrowed(asked, 'street', null)).toBeNull()
    expect(narrowed(asked, 'person', 'p')).toBeNull()
  })
})

describe('a figure', () => {
  it.each([[1234, 'cases', '1,234'], [93.506, 'percent', '93.5%'], [100, 'percent', '100%'], [4.615, 'rating', '4.62'], [1500, 'minutes', '1天1小时'], [null, 'cases', '—']] as const)(
    'is told: %s %s', (value, unit, text) => expect(told(value, unit)).toBe(text))
})
