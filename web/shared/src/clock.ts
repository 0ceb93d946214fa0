// How a clock stands, for rings and for lists: the same colours and words everywhere.
export type Standing = 'none' | 'in-time' | 'soon' | 'late' | 'paused' | 'met' | 'missed' | 'ended'

/** Share of the time from `start` to `due` that is over at `at`, 0–1 and above when it is late. */
export function spent(start: string, due: string, at: number): number {
  const whole = Date.parse(due) - Date.parse(start)
  return whole > 0 ? (at - Date.parse(start)) / whole : 1
}

/** Of a running limit whose start is not known, as in lists: soon is the last fifth of a day's work at the most, here two hours. */
export function standingOf(due: string | null, at: number, suspended = false): Standing {
  if (suspended) return 'paused'
  if (!due) return 'none'
  const rest = Date.parse(due) - at
  if (rest < 0) return 'late'
  return rest < 2 * 3_600_000 ? 'soon' : 'in-time'
}
