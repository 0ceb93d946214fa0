// The forms of units, accounts and posts.
import type { RoleOut } from '@wangge/shared/api/types.gen'
import { nameOf, words } from '@wangge/shared/src/words'
import type { Field, Given, Option } from '../parts/fields'
import { areas, grids, units, users } from '../parts/sources'

const w = words({
  login: ['登录名', 'Log-in'],
  loginHint: ['2–64 个字母、数字或 . _ - @ +；建立后不能改。', '2–64 letters, digits or . _ - @ +; it never changes.'],
  name: ['姓名', 'Name'],
  unit: ['所属单位', 'Unit'],
  unitHint: ['不选时，账号只归管理全部范围的安全管理员管理。', 'Without one, only a security administrator for everywhere manages the account.'],
  language: ['语言', 'Language'],
  person: ['任命谁', 'Whom'],
  role: ['角色', 'Role'],
  scope: ['范围', 'Scope'],
  area: ['区划（含全部下级）', 'An area and all below it'],
  grid: ['网格', 'A grid'],
  postUnit: ['单位', 'A unit'],
  everywhere: ['全部', 'Everywhere'],
  title: ['岗位名称', 'Title'],
  titleHint: ['留空则用角色的名称。', 'Left empty, the role’s name is used. '],
  usual: ['常用：', 'Usual: '],
  titleEn: ['英文名称', 'Title in English'],
  phone: ['岗位电话', 'Phone of the post'],
  phoneHint: ['办公电话或工作手机，不填私人号码；移交时随岗位走。', 'Of the office or for work, never private; it goes with the post.'],
  public: ['在“我的网格”公示卡上公布姓名和岗位电话', 'Show name and phone on the public card of the grid'],
  starts: ['任职起', 'From'],
  startsHint: ['留空为立即。', 'Left empty: now.'],
  ends: ['任职止', 'Until'],
  endsHint: ['留空为长期。', 'Left empty: without an end.'],
})
export const languages: Option[] = [{ value: 'zh', label: '中文' }, { value: 'en', label: 'English' }]

export const userFields = (fresh: boolean): Field[] => [
  ...(fresh ? [{ name: 'login', label: w.login, kind: 'text', required: true, hint: w.loginHint, most: 64 } satisfies Field] : []),
  { name: 'name', label: w.name, kind: 'text', required: true, most: 60 },
  { name: 'unit', label: w.unit, kind: 'pick', source: units, hint: w.unitHint },
  { name: 'language', label: w.language, kind: 'choice', required: true, options: languages },
]

const SCOPES = ['area', 'grid', 'unit', 'everywhere'] as const
const scopeWord = { area: () => w.area, grid: () => w.grid, unit: () => w.postUnit, everywhere: () => w.everywhere }
/** To what a role may be posted; a role with one kind of scope is not asked for it. */
const kindsOf = (roles: RoleOut[], given: Given) => SCOPES.filter((k) => roles.find((r) => r.role === given['role'])?.scopes.includes(k))
function scopeOf(roles: RoleOut[], given: Given): string {
  const kinds = kindsOf(roles, given)
  return (kinds.length === 1 ? kinds[0] : kinds.find((k) => k === given['scope'])) ?? ''
}

const postDetails = (): Field[] => [
  { name: 'phone', label: w.phone, kind: 'text', most: 40, hint: w.phoneHint },
  { name: 'public', label: w.public, kind: 'flag' },
]

export function postFields(roles: RoleOut[]): Field[] {
  const is = (kind: string) => (given: Given) => scopeOf(roles, given) === kind
  const titles = (given: Given) => roles.find((r) => r.role === given['role'])?.titles.join('、') ?? ''
  return [
    { name: 'user', label: w.person, kind: 'pick', source: users, required: true },
    { name: 'role', label: w.role, kind: 'select', required: true, options: roles.map((r) => ({ value: r.role, label: nameOf('role', r.role) })) },
    { name: 'scope', label: w.scope, kind: 'choice', required: true, options: SCOPES.map((k) => ({ value: k, label: scopeWord[k]() })), when: (given) => kindsOf(roles, given).length > 1, only: (given) => kindsOf(roles, given) },
    { name: 'area', label: w.area, kind: 'pick', source: areas, required: true, when: is('area') },
    { name: 'grid', label: w.grid, kind: 'pick', source: grids, required: true, when: is('grid') },
    { name: 'unit', label: w.postUnit, kind: 'pick', source: units, required: true, when: is('unit') },
    { name: 'title', label: w.title, kind: 'text', most: 40, hint: (given) => w.titleHint + (titles(given) && w.usual + titles(given)) },
    ...postDetails(),
    { name: 'starts', label: w.starts, kind: 'moment', half: true, hint: w.startsHint },
    { name: 'ends', label: w.ends, kind: 'moment', half: true, hint: w.endsHint },
  ]
}

/** What the API takes for a new post: exactly one scope. */
export function postBody(roles: RoleOut[], given: Given): Given {
  const body: Given = { ...given, everywhere: scopeOf(roles, given) === 'everywhere' }
  delete body['scope']
  return body
}

export const changeFields = (): Field[] => [
  { name: 'title', label: w.title, kind: 'text', required: true, most: 40 },
  { name: 'title_en', label: w.titleEn, kind: 'text', most: 60 },
  ...postDetails(),
]
