import { afterEach, describe, expect, it } from 'vitest'
import { language } from '@wangge/shared/src/words'
import { monthName, monthsTo } from '../src/months'

describe('the months to choose from', () => {
  afterEach(() => { language.value = 'zh' })
  it('go back over the turn of the year, newest first', () => {
    expect(monthsTo('2026-02', 4)).toEqual(['2026-02', '2026-01', '2025-12', '2025-11'])
  })
  it('are named in the language of the page', () => {
    language.value = 'zh'
    expect(monthName('2026-10')).toBe('2026年10月')
    language.value = 'en'
    expect(monthName('2026-10')).toBe('October 2026')
  })
})
