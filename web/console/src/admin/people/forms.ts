// The forms of accounts and posts.
import { words } from '@wangge/shared/src/words'
import type { Field } from '../parts/fields'
import { units } from '../parts/sources'

const w = words({
  login: ['登录名', 'Log-in'],
  loginHint: ['2–64 个字母、数字或 . _ - @ +；建立后不能改。', '2–64 letters, digits or . _ - @ +; it never changes.'],
  name: ['姓名', 'Name'],
  unit: ['所属单位', 'Unit'],
  unitHint: ['不选时，账号只归管理全部范围的安全管理员管理。', 'Without one, only a security administrator for everywhere manages the account.'],
  language: ['语言', 'Language'],
})
export const languages = [{ value: 'zh', label: '中文' }, { value: 'en', label: 'English' }]

export const userFields = (fresh: boolean): Field[] => [
  ...(fresh ? [{ name: 'login', label: w.login, kind: 'text', required: true, hint: w.loginHint, most: 64 } satisfies Field] : []),
  { name: 'name', label: w.name, kind: 'text', required: true, most: 60 },
  { name: 'unit', label: w.unit, kind: 'pick', source: units, hint: w.unitHint },
  { name: 'language', label: w.language, kind: 'choice', required: true, options: languages },
]
