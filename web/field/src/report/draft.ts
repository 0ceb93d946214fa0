// A report while it is being made: on the phone at every keystroke, and what it becomes.
import type { PointIn, ReportIn } from '@wangge/shared/api/types.gen'
import { uuid7 } from '@wangge/shared/src/ids'
import { DRAFT } from '../kept/kept'
import { type Media, promised } from '../outbox/media'
import type { Fix, Where } from './place'

export const KEY = `${DRAFT}report`
export interface Draft {
  id: string
  case: string
  text: string
  category: string | null
  urgent: boolean
  confidential: boolean
  /** Solved on the spot: how. */
  solved: boolean
  result: string
  point: PointIn | null
  accuracy: number | null
  /** Where the phone is. */
  here: Fix | null
  /** The person moved the point: the phone's position does not any more. */
  moved: boolean
  where: Where | null
  /** When it was begun, by the phone's clock (ms). */
  at: number
}
export const begin = (): Draft => ({
  id: uuid7(), case: uuid7(), text: '', category: null, urgent: false, confidential: false, solved: false, result: '',
  point: null, accuracy: null, here: null, moved: false, where: null, at: Date.now(),
})
export const isEmpty = (d: Draft, photos: number): boolean => !photos && !d.text.trim() && !d.category && !d.result.trim()

export type Lack = 'what' | 'place' | 'result' | 'after'
/** What is still needed: something to see or read, a category or words to find it by, and where. */
export function lacking(d: Draft, files: readonly Pick<Media, 'role'>[]): Lack[] {
  const found: Lack[] = []
  if (!d.category && !d.text.trim()) found.push('what')
  if (!d.point) found.push('place')
  if (d.solved && !d.result.trim()) found.push('result')
  if (d.solved && !files.some((f) => f.role === 'after')) found.push('after')
  return found
}

/** The report as the server takes it. `name`: the category's, for a report that has no words of its own. */
export function reportOf(d: Draft, files: readonly Media[], name: string): ReportIn {
  return {
    id: d.case, channel: 'worker', text: d.text.trim() || name, category: d.category, urgency: d.urgent ? 'urgent' : null, confidential: d.confidential,
    point: d.point, accuracy_m: d.accuracy, wants_answer: false, evidence: files.filter((f) => f.role !== 'after').map(promised),
  }
}
export const resolvedOf = (d: Draft, files: readonly Media[]) => ({ result: d.result.trim(), point: d.point, evidence: files.filter((f) => f.role === 'after').map(promised) })
export const titleOf = (d: Draft, name: string): string => d.text.trim().split('\n')[0]?.slice(0, 40) || name
