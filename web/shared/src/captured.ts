// What a step says of when and where a phone captured it, as sentences: plain ones, and what is odd (docs/lifecycle.md).
import { full } from './time'
import { fill, words } from './words'
import type { StepOut } from '../api/types.gen'

const w = words({
  at: ['{when} 在手机上采集', 'captured on a phone at {when}'],
  ahead: ['手机时钟快 {n} 分钟，时间已换算', 'the phone’s clock was {n} min fast; its times are corrected'],
  behind: ['手机时钟慢 {n} 分钟，时间已换算', 'the phone’s clock was {n} min slow; its times are corrected'],
  late: ['采集一天以后才送达', 'arrived more than a day after it was captured'],
  time: ['采集时间与案件时间不符', 'captured at a time that does not fit the case'],
  place: ['采集时手机距案件位置 {m} 米', 'the phone was {m} m from the case'],
})
const MINUTES = 10
/** As photos (EvidenceGallery): farther than this is told. */
const FAR_M = 200

export interface Said { text: string; odd: boolean }

export function captureOf(step: Pick<StepOut, 'at' | 'data'>): Said[] {
  const { captured_at: at, clock_ahead_s: ahead, captured_m: metres, metres_away: shot, odd } = step.data as
    { captured_at?: string; clock_ahead_s?: number; captured_m?: number; metres_away?: number; odd?: string[] }
  const found: Said[] = []
  if (at && Math.abs(Date.parse(step.at) - Date.parse(at)) > MINUTES * 60_000) found.push({ text: fill(w.at, { when: full(at) }), odd: false })
  const is = (name: string): boolean => odd?.includes(name) ?? false
  if (is('clock') && ahead) found.push({ text: fill(ahead > 0 ? w.ahead : w.behind, { n: Math.round(Math.abs(ahead) / 60) }), odd: true })
  if (is('late')) found.push({ text: w.late, odd: true })
  if (is('time')) found.push({ text: w.time, odd: true })
  const far = is('place') ? metres : !at && shot && shot > FAR_M ? shot : undefined
  if (far) found.push({ text: fill(w.place, { m: far }), odd: true })
  return found
}
