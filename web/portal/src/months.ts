// Months to choose from, named in the language of the page: a browser's own field for a month speaks the browser's.
import { language } from '@wangge/shared/src/words'

const NAMES = { zh: new Intl.DateTimeFormat('zh-CN', { year: 'numeric', month: 'long', timeZone: 'UTC' }), en: new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'long', timeZone: 'UTC' }) }

/** `count` months as `YYYY-MM`, from `last` backwards. */
export function monthsTo(last: string, count: number): string[] {
  const [year = 0, month = 1] = last.split('-').map(Number)
  return Array.from({ length: count }, (_, back) => new Date(Date.UTC(year, month - 1 - back)).toISOString().slice(0, 7))
}

/** 2026年10月 · October 2026 */
export const monthName = (month: string): string => NAMES[language.value].format(new Date(`${month}-01T00:00:00Z`))
