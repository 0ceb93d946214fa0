// How long a limit is, in words.
import type { LimitOut } from '../api/types.gen'
import { fill, words } from './words'

const w = words({
  urgent_work_hour: ['{n} 紧急工作时', '{n} urgent working {n:hour|hours}'],
  work_hour: ['{n} 工作时', '{n} working {n:hour|hours}'],
  work_day: ['{n} 工作日', '{n} working {n:day|days}'],
  hour: ['{n} 小时', '{n} {n:hour|hours}'],
  day: ['{n} 天', '{n} {n:day|days}'],
})

/** “3 working days”, “1 hour”. */
export const amountOf = (limit: Pick<LimitOut, 'amount' | 'unit'>): string => fill(w[limit.unit], { n: limit.amount })
