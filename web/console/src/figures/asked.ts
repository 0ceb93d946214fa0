// What the screen of figures asks for, as its address says it: a period, a scope, and how it is cut.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Channel, StatsSeriesData, StatsTableData } from '@wangge/shared/api/types.gen'

/** A running period moves on with the days: a link to “this month” is a link to this month. */
export const PERIODS = ['30d', 'month', 'last_month', 'quarter', 'year', '12m'] as const
export type Period = (typeof PERIODS)[number]
export const BY = ['street', 'community', 'grid', 'unit', 'person', 'district', 'category_top', 'category', 'group', 'channel', 'level', 'status'] as const satisfies readonly StatsTableData['query']['by'][]
export type By = (typeof BY)[number]
export const STEPS = ['day', 'week', 'month'] as const satisfies readonly NonNullable<StatsSeriesData['query']>['by'][]
export type Step = (typeof STEPS)[number]

/** ``from`` and ``to``: days, both counted; of a running period they follow from today. ``by`` and ``step``: null where the screen chooses. */
export interface Asked {
  period: Period | null
  from: string
  to: string
  area: string | null
  category: string | null
  channel: Channel | null
  unit: string | null
  by: By | null
  step: Step | null
  figure: string
  sort: string
}

const DAY = 86_400_000
const at = (day: string): Date => new Date(`${day}T00:00:00Z`)
const on = (time: Date | number): string => new Date(time).toISOString().slice(0, 10)

/** The day so many days later (or earlier). */
export const plus = (day: string, days: number): string => on(at(day).getTime() + days * DAY)
/** How many days a period has. */
export const lengthOf = (from: string, to: string): number => Math.round((at(to).getTime() - at(from).getTime()) / DAY) + 1

/** First and last day of a running period. */
export function daysOf(period: Period, today: string): [from: string, to: string] {
  const now = at(today)
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()]
  switch (period) {
    case '30d': return [plus(today, -29), today]
    case 'month': return [on(Date.UTC(year, month, 1)), today]
    case 'last_month': return [on(Date.UTC(year, month - 1, 1)), on(Date.UTC(year, month, 0))]
    case 'quarter': return [on(Date.UTC(year, month - (month % 3), 1)), today]
    case 'year': return [on(Date.UTC(year, 0, 1)), today]
    case '12m': return [on(Date.UTC(year, month - 11, 1)), today]
  }
}

/** As many days, ending the day before. */
export const before = (from: string, to: string): [from: string, to: string] => [plus(from, -lengthOf(from, to)), plus(from, -1)]

/** Days up to a month and a half, weeks up to seven months, then months. */
export function stepOf(asked: Pick<Asked, 'step' | 'from' | 'to'>): Step {
  const days = lengthOf(asked.from, asked.to)
  if (asked.step && !(asked.step === 'day' && days > 400)) return asked.step
  return days <= 45 ? 'day' : days <= 215 ? 'week' : 'month'
}

const isDay = (text: string | undefined): text is string => /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(text ?? ''))
const among = <T extends string>(all: readonly T[], text: string | undefined): T | null => all.find((one) => one === text) ?? null

export function fromUrl(given: LocationQuery, today: string): Asked {
  const one = (name: string): string | undefined => [given[name]].flat().find((v): v is string => typeof v === 'string' && v !== '')
  const own = isDay(one('from')) && isDay(one('to'))
  const period = own ? null : (among(PERIODS, one('period')) ?? '30d')
  const [from, to] = period ? daysOf(period, today) : [one('from') ?? today, one('to') ?? today]
  return {
    period, from, to,
    area: /^(\d{6}|\d{9}|\d{12}|\d{15})$/.test(one('area') ?? '') ? (one('area') ?? null) : null,
    category: one('category') ?? null,
    channel: (one('channel') as Channel | undefined) ?? null,
    unit: one('unit') ?? null,
    by: among(BY, one('by')),
    step: among(STEPS, one('step')),
    figure: one('figure') ?? 'reported',
    sort: one('sort') ?? '-reported',
  }
}

export function toUrl(asked: Asked): LocationQueryRaw {
  const url: LocationQueryRaw = asked.period ? (asked.period === '30d' ? {} : { period: asked.period }) : { from: asked.from, to: asked.to }
  for (const name of ['area', 'category', 'channel', 'unit', 'by', 'step'] as const) if (asked[name]) url[name] = asked[name]
  if (asked.figure !== 'reported') url['figure'] = asked.figure
  if (asked.sort !== '-reported') url['sort'] = asked.sort
  return url
}

/** What narrows the figures, as the API takes it. */
export const filterOf = ({ from, to, area, category, channel, unit }: Asked) => ({ from, to, area, category, channel, unit })

/** A step narrower: what a click on the name of a group asks for. Null where figures cannot be narrowed by it. */
export function narrowed(asked: Asked, by: By, key: string | null): Partial<Asked> | null {
  if (!key) return null
  const next: Partial<Record<By, Partial<Asked>>> = {
    district: { area: key, by: 'street' },
    street: { area: key, by: 'community' },
    community: { area: key, by: 'grid' },
    grid: { area: key, by: 'category_top' },
    unit: { unit: key, by: 'category_top' },
    category_top: { category: key, by: 'category' },
    category: { category: key, by: 'unit' },
    channel: { channel: key as Channel, by: 'category_top' },
  }
  const found = next[by]
  return found && !(by === 'category' && asked.category === key) ? found : null
}
