// Days of the calendar as texts (2026-11-20), counted without a clock: no zone can move them.
import type { DayOut, HoursOut } from '@wangge/shared/api/types.gen'

const DAY = 86_400_000
const at = (day: string) => Date.parse(`${day}T00:00:00Z`)
const text = (ms: number) => new Date(ms).toISOString().slice(0, 10)

export const plus = (day: string, n: number): string => text(at(day) + n * DAY)
/** Monday is 0. */
export const weekday = (day: string): number => (new Date(at(day)).getUTCDay() + 6) % 7

/** From one day to another with both, at most a year; one day when the second is not later. */
export function daysBetween(from: string, to: string): string[] {
  const n = Math.min(365, Math.max(0, Math.round((at(to) - at(from)) / DAY)))
  return Array.from({ length: n + 1 }, (_, i) => plus(from, i))
}

/** The days of each month of a year. */
export function monthsOf(year: number): string[][] {
  return Array.from({ length: 12 }, (_, m) => {
    const first = `${year}-${String(m + 1).padStart(2, '0')}-01`
    const next = m === 11 ? `${year + 1}-01-01` : `${year}-${String(m + 2).padStart(2, '0')}-01`
    return daysBetween(first, plus(next, -1))
  })
}

export type Sort = 'usual' | 'rest' | 'holiday' | 'work'
/** What a day is: by its exception, else by whether its weekday has office hours in the season of that day. */
export function sortOf(day: string, exception: DayOut | undefined, hours: HoursOut[]): Sort {
  if (exception) return exception.working ? 'work' : 'holiday'
  const season = [...hours].sort((a, b) => b.since.localeCompare(a.since)).find((h) => h.since <= day) ?? hours[0]
  return season?.week[weekday(day)]?.trim() ? 'usual' : 'rest'
}
