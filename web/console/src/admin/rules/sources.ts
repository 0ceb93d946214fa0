// What rules name: any category, a class as well as a kind.
import { categories, categoryOf, findCategories, loadCategories } from '@wangge/shared/src/categories'
import { named, words } from '@wangge/shared/src/words'
import type { CategoryOut } from '@wangge/shared/api/types.gen'
import type { Choice, Source } from '../parts/sources'

const w = words({ hint: ['输入名称、拼音首字母或编码', 'Name, pinyin initials or code'] })
const choice = (c: CategoryOut): Choice => ({ value: c.id, get label() { return `${c.code} ${named(c.name, c.name_en)}` }, note: '' })
export const anyCategory: Source = {
  get hint() { return w.hint },
  find: async (text) => { await loadCategories(); return findCategories(text, categories.value).slice(0, 200).map(choice) },
  one: async (id) => { await loadCategories(); const found = categoryOf(id); return found ? choice(found) : null },
}
