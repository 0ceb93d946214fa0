// The five reasons why somebody looks over a unit's shoulder, each as a filter of the queue, and who owes what in a case.
import type { CaseRow, DemandOut } from '@wangge/shared/api/types.gen'
import { named } from '@wangge/shared/src/words'
import type { Query } from '../queue/filter'

export const PILES = ['overdue', 'returned', 'urge', 'supervise', 'instruct'] as const
export type Pile = (typeof PILES)[number]
export const isDemand = (pile: Pile): boolean => pile !== 'overdue' && pile !== 'returned'

const OPEN = ['reported', 'accepted', 'handling', 'verifying', 'following_up', 'suspended'] as const
/** What the queue is narrowed to. */
export const FILTERS: Record<Pile, Omit<Query, 'q' | 'sort'>> = {
  overdue: { status: [...OPEN], overdue: true },
  returned: { status: [...OPEN], returns: 2 },
  urge: { demand: ['urge'] },
  supervise: { demand: ['supervise'] },
  instruct: { demand: ['instruct'] },
}
/** What is longest overdue stands first; else what changed last. */
export const sortOf = (pile: Pile) => (pile === 'overdue' ? 'due_at' : '-changed_at')

type Held = Pick<CaseRow, 'status' | 'lead' | 'lead_name' | 'lead_name_en' | 'holder_name' | 'holder_name_en'>
/** Who has it: the lead unit while it is handled, else the centre that holds it. */
export const owerOf = (row: Held): string =>
  row.status === 'handling' && row.lead ? named(row.lead_name, row.lead_name_en) : named(row.holder_name, row.holder_name_en)

/** Whether an answer was wanted by a time that is over. */
export const isLate = (demand: DemandOut | undefined, now: number): boolean =>
  Boolean(demand?.answer_by && !demand.answered_at && !demand.lifted_at && Date.parse(demand.answer_by) < now)
