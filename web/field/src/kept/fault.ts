// What went wrong on the phone itself, as a problem that people can read.
import { Failed } from '@wangge/shared/src/call'
import { fill, words } from '@wangge/shared/src/words'
import { isFull, metFull } from './room'

const w = words({
  title: ['没有保存', 'Not kept'],
  full: ['手机存储空间不足。请清理空间，或先连网把待发的发出去，再试一次；已填写的内容还在。', 'This phone is full. Free some space, or send what waits, and try again; what you typed is kept.'],
  odd: ['手机上出了问题（{name}）。已填写的内容还在，请再试一次；还不行请重新打开。', 'Something went wrong on this phone ({name}). What you typed is kept: try again, or open the app anew.'],
})
/** A key that does not open what it is to open. */
export const isUnreadable = (e: unknown): boolean => (e as Error | null)?.name === 'OperationError'

/** A problem to be shown; what a request met is passed on as it is. */
export function faultOf(e: unknown): unknown {
  if (e instanceof Failed || e instanceof TypeError) return e
  if (isFull(e)) metFull()
  const detail = isFull(e) ? w.full : fill(w.odd, { name: (e as Error | null)?.name ?? '?' })
  return new Failed({ type: 'about:blank', title: w.title, status: 507, detail })
}
