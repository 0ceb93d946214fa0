// The columns a list of cases can have: named as the row's fields are, so that saved views and exports mean the same.
import { reactive, watch } from 'vue'
import { isChinese, words } from '@wangge/shared/src/words'

export const columnWords = words({
  number: ['案件编号', 'Number'],
  status: ['状态', 'Status'],
  title: ['案件', 'Case'],
  category: ['类别', 'Category'],
  community: ['社区', 'Community'],
  street: ['街道', 'Street'],
  grid: ['网格', 'Grid'],
  address: ['地址', 'Address'],
  channel: ['来源', 'Channel'],
  holder: ['承办中心', 'Held by'],
  lead: ['主办单位', 'Lead unit'],
  due_at: ['时限', 'Time left'],
  reported_at: ['上报', 'Reported'],
  changed_at: ['更新', 'Changed'],
  closed_at: ['结案', 'Closed'],
  returns: ['退单', 'Returns'],
  tags: ['标签', 'Tags'],
})
export type Column = keyof typeof columnWords

const WIDTHS: Record<Column, number> = {
  number: 10.75, status: 5.25, title: 0, category: 8.5, community: 7, street: 6.5, grid: 10, address: 10, channel: 6.5, holder: 10, lead: 10.5,
  due_at: 7.5, reported_at: 6.5, changed_at: 6.5, closed_at: 6.5, returns: 4, tags: 8,
}
/** Which share of the room that is left over a column takes; the title has the rest. */
export const GROWS: Partial<Record<Column, number>> = { category: 0.16, community: 0.12, address: 0.16, holder: 0.2, lead: 0.2, tags: 0.08 }

/** In rem; 0: what is left. */
export const widthOf = (column: Column): number => (column === 'status' && !isChinese.value ? 8.25 : WIDTHS[column])
export const ALL = Object.keys(WIDTHS) as Column[]
export const USUAL: Column[] = ['number', 'status', 'title', 'category', 'community', 'lead', 'due_at', 'reported_at']

const KEPT = 'wangge.columns'
function kept(): Column[] {
  try {
    const found = (JSON.parse(localStorage.getItem(KEPT) ?? '[]') as string[]).filter((c): c is Column => (ALL as string[]).includes(c))
    return found.length ? found : [...USUAL]
  } catch {
    return [...USUAL]
  }
}
export const columns = reactive<Column[]>(kept())
watch(columns, () => localStorage.setItem(KEPT, JSON.stringify(columns)))

/** Show these, in the order of ALL but for the title, which is always there. */
export function showColumns(chosen: readonly string[]): void {
  const wanted = new Set([...chosen, 'title'])
  columns.splice(0, columns.length, ...ALL.filter((c) => wanted.has(c)))
}
