// The queue's filter: the API's own object, in the address of the page, and told of a row without asking the server.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { CaseRow, CasesQueueData } from '@wangge/shared/api/types.gen'

export type Query = Omit<NonNullable<CasesQueueData['query']>, 'sort' | 'after' | 'limit'> & { q?: string; sort?: string }
export type Field = Exclude<keyof Query, 'q' | 'sort'>

const LISTS = ['status', 'channel', 'urgency', 'demand', 'supervision'] as const
export const FLAGS = ['overdue', 'located', 'demanded', 'requested', 'returned', 'reworked', 'reopened', 'confidential'] as const
const TEXTS = ['street', 'community', 'grid', 'category', 'lead', 'reported_from', 'reported_to', 'returns', 'number', 'holder', 'unit', 'helper', 'reporter', 'tag', 'box', 'within'] as const
const isList = (name: string): name is (typeof LISTS)[number] => (LISTS as readonly string[]).includes(name)
const isFlag = (name: string): name is (typeof FLAGS)[number] => (FLAGS as readonly string[]).includes(name)

export const FIELDS: readonly Field[] = [...LISTS, ...FLAGS, ...TEXTS]
export const SORTS = ['-reported_at', 'reported_at', 'due_at', '-changed_at'] as const

/** The filter that an address says; what it does not know it leaves out. */
export function fromUrl(given: LocationQuery): Query {
  const query: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const all = [value].flat().filter((v): v is string => typeof v === 'string' && v !== '')
    const first = all[0]
    if (first === undefined) continue
    if (isList(name)) query[name] = all
    else if (isFlag(name)) { if (first === 'true' || first === 'false') query[name] = first === 'true' }
    else if ((TEXTS as readonly string[]).includes(name) || name === 'q' || name === 'sort') query[name] = first
  }
  return query as Query
}

/** The address that says this filter, without what says nothing. */
export function toUrl(query: { [name: string]: unknown }): LocationQueryRaw {
  const url: LocationQueryRaw = {}
  for (const name of [...FIELDS, 'q', 'sort']) {
    const value = query[name]
    if (Array.isArray(value)) { if (value.length) url[name] = value.map(String) }
    else if (value !== null && value !== undefined && value !== '' && !(name === 'sort' && value === '-reported_at')) url[name] = String(value)
  }
  return url
}

/** The filter without some of its terms. */
export const without = (query: Query, ...names: (keyof Query)[]): Query =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !(names as string[]).includes(name)))

/** How many fields narrow the list. */
export const narrowing = (query: Query): Field[] => FIELDS.filter((f) => { const v = query[f]; return Array.isArray(v) ? v.length > 0 : v !== null && v !== undefined && v !== '' })

/** Whether the server's list would have this row: its own terms (wangge/domain/cases/queries/filter.py) said once more, for live events.
 *  What a row does not tell (who reported it, what was asked of whom or demanded, the words of a search) is taken for no. */
export function matches(row: CaseRow, query: Query, now: number): boolean {
  if (query.q || query.reporter || query.helper || query.demand?.length || typeof query.requested === 'boolean') return false
  const one = (wanted: readonly string[] | undefined, value: string | null) => !wanted?.length || (value !== null && wanted.includes(value))
  const same = (wanted: string | null | undefined, value: string | null) => !wanted || wanted === value
  const flag = (wanted: boolean | null | undefined, value: boolean) => wanted === null || wanted === undefined || wanted === value
  const late = row.due_at !== null && Date.parse(row.due_at) < now
  const at = Date.parse(row.reported_at)
  return (
    one(query.status, row.status) && one(query.channel, row.channel) && one(query.urgency, row.urgency) && one(query.supervision, row.supervision) &&
    same(query.street, row.street) && same(query.community, row.community) && same(query.grid, row.grid) && same(query.category, row.category) &&
    same(query.lead, row.lead) && same(query.number, row.number) && same(query.holder, row.holder) &&
    (!query.unit || row.lead === query.unit || row.assisting.includes(query.unit)) &&
    (!query.tag || row.tags.includes(query.tag)) &&
    (query.overdue === null || query.overdue === undefined || (query.overdue ? late && row.closed_at === null : !late)) &&
    flag(query.located, row.lon !== null) && flag(query.demanded, row.demands_open > 0) && flag(query.returned, row.returns > 0) && row.returns >= Number(query.returns ?? 0) &&
    flag(query.reopened, row.reopened > 0) && flag(query.reworked, row.rework > 0) && flag(query.confidential, row.confidential) &&
    (!query.reported_from || at >= Date.parse(query.reported_from)) && (!query.reported_to || at < Date.parse(query.reported_to)) &&
    inBox(row, query.box) && (!query.within || (row.lon !== null && row.lat !== null && holds(corners(query.within), row.lon, row.lat)))
  )
}

/** The corners of a drawn area, longitude and latitude, as the filter's `within` says them. */
export const corners = (text: string | null | undefined): [number, number][] =>
  (text ?? '').split(';').map((c) => c.split(',').map(Number)).filter((c): c is [number, number] => c.length === 2 && c.every(Number.isFinite))
/** What the filter's `within` says of these corners: to 11 cm. */
export const said = (drawn: readonly (readonly [number, number])[]): string => drawn.map((c) => c.map((v) => Number(v.toFixed(6))).join(',')).join(';')

/** Whether a point lies in an area: a ray to the east crosses its edges an odd number of times. */
function holds(area: [number, number][], lon: number, lat: number): boolean {
  let inside = false
  area.forEach(([x1, y1], i) => {
    const [x2, y2] = area[(i + 1) % area.length] ?? [x1, y1]
    if (y1 > lat !== y2 > lat && lon < x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside
  })
  return inside
}

function inBox(row: CaseRow, box: string | null | undefined): boolean {
  if (!box) return true
  const [west, south, east, north] = box.split(',').map(Number)
  if (row.lon === null || row.lat === null || west === undefined || south === undefined || east === undefined || north === undefined) return false
  return row.lon >= west && row.lon <= east && row.lat >= south && row.lat <= north
}
