// How a partner does, in words: the same in the list, beside it, and in a case.
import type { PartnerOut } from '@wangge/shared/api/types.gen'
import { words } from '@wangge/shared/src/words'

const w = words({
  pushed: ['推送', 'pushed'],
  fetched: ['对方来取', 'fetched'],
  exchanged: ['自动交换', 'by themselves'],
  on: ['启用', 'In use'],
  amiss: ['启用，有失败', 'In use, with faults'],
  off: ['已停用', 'Stopped'],
  badToken: ['令牌失效，对方无法对接', 'Token not valid: it cannot exchange'],
})
/** What a partner is told or asked, in the order of a case's life. */
export const SAID = ['accepted', 'dispatched', 'progress', 'extended', 'suspended', 'resumed', 'merged', 'returned', 'voided', 'withdrawn', 'replied', 'reopened', 'ask_return', 'ask_extension', 'hand_over'] as const
const LEVELS = ['above', 'below']
/** Another installation, which is entered by its key. */
export const isLevel = (p: Pick<PartnerOut, 'kind'>): boolean => LEVELS.includes(p.kind)
export const wayOf = (p: PartnerOut): string => (isLevel(p) ? w.exchanged : p.push_to ? w.pushed : w.fetched)
/** Whether something did not arrive, or is not understood. */
const failing = (p: PartnerOut): boolean => p.failed > 0 || p.error !== ''
export const stateOf = (p: PartnerOut): string => (!p.active ? w.off : p.token_valid === false ? w.badToken : failing(p) ? w.amiss : w.on)
/** Whether somebody has to see to it. */
export const isAmiss = (p: PartnerOut): boolean => p.active && (p.token_valid === false || failing(p))
