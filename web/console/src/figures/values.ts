// Figures as people read them, and the list of cases that each was made from.
import type { LocationQueryRaw } from 'vue-router'
import type { DefinitionOut, SummaryOut } from '@wangge/shared/api/types.gen'
import { span } from '@wangge/shared/src/time'
import { language, say } from '@wangge/shared/src/words'
import { toUrl } from '../queue/filter'

/** Where figures say how they came about: a summary, a group, a point in time. */
export type Told = Pick<SummaryOut, 'drill' | 'suppressed'>

/** ``1 234`` cases, ``93.51%``, ``4.62`` of five, ``2天3小时``; a dash where there is nothing to divide by or nothing may be told. */
export function told(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '—'
  if (unit === 'percent') return `${value.toFixed(value === 100 || value === 0 ? 0 : 1)}%`
  if (unit === 'minutes') return span(value * 60_000)
  if (unit === 'rating') return value.toFixed(2)
  return value.toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB')
}

/** The name of a figure, as a heading writes it. */
export function headed(of: Pick<DefinitionOut, 'words'>): string {
  const name = say(of.words)
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** Of a summary: a figure, or the median of a duration. */
export const valueOf = (summary: SummaryOut | null, name: string): number | null =>
  (summary && name in summary.times ? summary.times[name]?.median : summary?.figures[name]) ?? null

/** The queue that lists exactly the cases of a figure, where it can. */
export function listOf(of: Pick<Told, 'drill'> | null | undefined, name: string): { name: string; query: LocationQueryRaw } | null {
  const drill = of?.drill[name]
  return drill ? { name: 'queue', query: toUrl(drill) } : null
}
