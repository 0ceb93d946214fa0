// What a tab of the audit asks for, as its address says it.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { LedgerEntriesData } from '@wangge/shared/api/types.gen'
import { fromWall } from '@wangge/shared/src/time'

export type About = 'all' | 'reveals' | 'logIns' | 'exports'
/** Of each tab: the acts that it is about, in groups that one can look at alone, and what they were done to (by that they are found fast). */
export const GROUPS: Record<About, Record<string, readonly string[]>> = {
  all: {},
  reveals: { reporter: ['ledger.field.revealed'], original: ['evidence.original.opened'], phone: ['search.by_phone'] },
  logIns: {
    in: ['people.login.done'],
    failed: ['people.login.failed', 'people.factor.failed'],
    locked: ['people.login.locked', 'people.user.unlocked'],
    out: ['people.login.ended'],
    secrets: ['people.password.changed', 'people.password.reset', 'people.factor.set', 'people.factor.removed', 'people.factor.recovery_used', 'people.factor.recovery_renewed', 'people.token.made', 'people.token.revoked'],
  },
  exports: { cases: ['exports.cases'], figures: ['exports.stats'] },
}
const KINDS: Record<About, string[]> = { all: [], reveals: [], logIns: ['user', 'login', 'token'], exports: ['export'] }

/** ``from`` and ``to``: days of the installation's zone, both counted. ``group``: of the tab's; ``act``: a tag, where there are no groups. */
export interface Asked { group: string; act: string; person: string; number: string; from: string; to: string; entry: string }
const NAMES = ['group', 'act', 'person', 'number', 'from', 'to', 'entry'] as const

export function fromUrl(query: LocationQuery): Asked {
  const asked = {} as Asked
  for (const name of NAMES) asked[name] = [query[name]].flat().find((v): v is string => typeof v === 'string') ?? ''
  return asked
}
export const toUrl = (asked: Asked): LocationQueryRaw => Object.fromEntries(NAMES.flatMap((name) => (asked[name] ? [[name, asked[name]]] : [])))

const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)

/** As the API takes it. */
export function filterOf(about: About, asked: Asked): NonNullable<LedgerEntriesData['query']> {
  const groups = GROUPS[about]
  const tags = asked.group in groups ? [...(groups[asked.group] ?? [])] : Object.values(groups).flat()
  return {
    tags: about === 'all' ? (asked.act ? [asked.act] : []) : tags,
    kinds: KINDS[about],
    actor: asked.person || null,
    number: asked.number || null,
    since: asked.from ? fromWall(`${asked.from}T00:00`) : null,
    until: asked.to ? fromWall(`${nextDay(asked.to)}T00:00`) : null,
  }
}
