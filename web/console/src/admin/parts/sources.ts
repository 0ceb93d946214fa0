// What can be picked from a long list: found by what is typed, and named by its value.
import { peopleListPosts, peopleListUnits, peopleListUsers, peopleOneUnit, peopleOneUser, placesListAreas, placesListGrids, placesReadArea, placesReadGrid } from '@wangge/shared/api/sdk.gen'
import type { PostOut, UnitOut, UserOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { named, words } from '@wangge/shared/src/words'
import { titleOf, whereOf } from '../../posts'

/** What it is called is said when it is shown: the language may be another one by then. */
export interface Choice { value: string; readonly label: string; readonly note: string }
export interface Source {
  hint: string
  find: (text: string) => Promise<Choice[]>
  /** The name of what was chosen before; null when it is not there (any more). */
  one: (value: string) => Promise<Choice | null>
}

const w = words({
  areas: ['输入区划名称或代码', 'Name or code of an area'],
  streets: ['输入街道名称或代码', 'Name or code of a street'],
  grids: ['输入网格名称或代码', 'Name or code of a grid'],
  units: ['输入单位名称', 'Name of a unit'],
  users: ['输入姓名或登录名', 'Name or log-in'],
  colleagues: ['输入姓名', 'Name'],
})
const MOST = 30
type Named = { name: string; name_en: string }
const area = (a: Named & { code: string }): Choice => ({ value: a.code, get label() { return named(a.name, a.name_en) }, note: a.code })
const unit = (u: UnitOut): Choice => ({ value: u.id, get label() { return named(u.name, u.name_en) }, get note() { return named(u.area_name, u.area_name_en) } })
const user = (u: UserOut): Choice => ({ value: u.id, label: u.name, get note() { return u.unit ? `${u.login} · ${named(u.unit_name, u.unit_name_en)}` : u.login } })
const none = () => null
const q = (text: string) => text.trim() || null

export const areas: Source = {
  get hint() { return w.areas },
  find: async (text) => (await got(placesListAreas({ query: { search: q(text), level: text.trim() ? null : 'district', limit: MOST } }))).items.map(area),
  one: (code) => got(placesReadArea({ path: { code } })).then((a) => area(a as Parameters<typeof area>[0]), none),
}
export const streets: Source = {
  get hint() { return w.streets },
  find: async (text) => (await got(placesListAreas({ query: { search: q(text), level: 'street', limit: MOST } }))).items.map(area),
  one: areas.one,
}
export const grids: Source = {
  get hint() { return w.grids },
  find: async (text) => (await got(placesListGrids({ query: { search: q(text), limit: MOST } }))).items.map(area),
  one: (code) => got(placesReadGrid({ path: { code } })).then((g) => area(g as Parameters<typeof area>[0]), none),
}
export const units: Source = {
  get hint() { return w.units },
  find: async (text) => (await got(peopleListUnits({ query: { q: q(text), limit: MOST } }))).items.map(unit),
  one: (id) => got(peopleOneUnit({ path: { unit: id } })).then(unit, none),
}
/** Accounts, for who may read them. */
export const users: Source = {
  get hint() { return w.users },
  find: async (text) => (await got(peopleListUsers({ query: { q: q(text), active: true, limit: MOST } }))).items.map(user),
  one: (id) => got(peopleOneUser({ path: { user: id } })).then(user, none),
}

const holder = (p: PostOut): Choice => ({ value: p.user, label: p.user_name, get note() { return `${titleOf(p)} · ${whereOf(p)}` } })
/** People with a post under one's own, for who sees posts and no accounts. */
export const colleagues: Source = {
  get hint() { return w.colleagues },
  find: async (text) => [...new Map((await got(peopleListPosts({ query: { q: q(text), limit: 100 } }))).items.map((p) => [p.user, holder(p)])).values()],
  one: (id) => got(peopleListPosts({ query: { user: id, limit: 1 } })).then((page) => page.items.map(holder)[0] ?? null, none),
}
