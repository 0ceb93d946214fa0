// What the states of an import are called, on both screens.
import type { OrderImportOut } from '@wangge/shared/api/types.gen'
import { words } from '@wangge/shared/src/words'

export const stateWords = words({
  checking: ['检查中', 'Being checked'],
  checked: ['待确认', 'To be decided'],
  importing: ['导入中', 'Being imported'],
  done: ['已完成', 'Done'],
  stopped: ['已停止', 'Stopped'],
})
export const isWorking = (found: Pick<OrderImportOut, 'state'>): boolean => found.state === 'checking' || found.state === 'importing'
/** How far, 0 to 100. */
export const share = (found: Pick<OrderImportOut, 'done' | 'total'>): number => (found.total ? Math.min(100, Math.round((100 * found.done) / found.total)) : 0)
