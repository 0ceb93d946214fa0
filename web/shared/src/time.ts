// Times as people say them, in the zone of the installation (data-zone of the page), whatever the desk's own clock is set to.
import { ref } from 'vue'
import { language, words } from './words'

const w = words({
  now: ['刚刚', 'just now'],
  minutes: ['{n} 分钟前', '{n} min ago'],
  hours: ['{n} 小时前', '{n} h ago'],
  days: ['{n} 天前', '{n} d ago'],
  left: ['剩 {t}', '{t} left'],
  over: ['超 {t}', '{t} over'],
  m: ['{n}分', '{n}m'],
  h: ['{n}小时', '{n}h'],
  d: ['{n}天', '{n}d'],
})

export const zone = document.documentElement.dataset['zone'] || 'Asia/Shanghai'

/** Now, looked at every 15 seconds: clocks on the screen follow it. */
export const now = ref(Date.now())
setInterval(() => { now.value = Date.now() }, 15_000)

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...options }) // sv-SE writes 2026-11-20 09:05
const DAY = format({ year: 'numeric', month: '2-digit', day: '2-digit' })
const FULL = format({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' })

type Moment = string | null | undefined

/** 2026-11-20 */
export const day = (at: Moment): string => (at ? DAY.format(new Date(at)) : '')
/** 2026-11-20 09:05 */
export const full = (at: Moment): string => (at ? FULL.format(new Date(at)) : '')
/** 11-20 09:05, with the year when it is another one. */
export function short(at: Moment): string {
  const text = full(at)
  return text.startsWith(DAY.format(now.value).slice(0, 5)) ? text.slice(5) : text
}

/** “3 小时前”; farther than six days: the day. */
export function ago(at: Moment): string {
  if (!at) return ''
  const minutes = Math.floor((now.value - Date.parse(at)) / 60_000)
  if (minutes < 1) return w.now
  if (minutes < 60) return w.minutes.replace('{n}', String(minutes))
  if (minutes < 24 * 60) return w.hours.replace('{n}', String(Math.floor(minutes / 60)))
  if (minutes < 7 * 24 * 60) return w.days.replace('{n}', String(Math.floor(minutes / 1440)))
  return day(at)
}

/** 3天4小时 · 5小时20分 · 12分, of milliseconds. */
export function span(ms: number): string {
  const minutes = Math.max(0, Math.round(Math.abs(ms) / 60_000))
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  const part = (text: string, n: number) => text.replace('{n}', String(n))
  const gap = language.value === 'en' ? ' ' : ''
  if (d) return part(w.d, d) + (d < 10 && h ? gap + part(w.h, h) : '')
  if (h) return part(w.h, h) + (m ? gap + part(w.m, m) : '')
  return part(w.m, m)
}

/** “剩 2小时” or “超 1天”. */
export function left(due: Moment): string {
  if (!due) return ''
  const rest = Date.parse(due) - now.value
  return (rest >= 0 ? w.left : w.over).replace('{t}', span(rest))
}

/** The wall clock of the installation as `YYYY-MM-DDTHH:mm`, for inputs of a date and time. */
export const toWall = (at: Moment): string => full(at).replace(' ', 'T')

/** What a wall clock of the installation shows, as a moment in UTC. An hour that a change of clocks leaves out is read as the one after. */
export function fromWall(text: string): string {
  const asUtc = Date.parse(`${text}Z`)
  const shown = Date.parse(`${FULL.format(asUtc).replace(' ', 'T')}Z`)
  return new Date(asUtc - (shown - asUtc)).toISOString()
}

/** How long a recording is: `lasts(75)` is 1:15. */
export const lasts = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
