// The tree of categories, asked for once, and the search in it: by code, name, pinyin initials, keywords.
import { computed, ref } from 'vue'
import { rulesListCategories } from '../api/sdk.gen'
import type { CategoryOut } from '../api/types.gen'
import { got } from './call'
import { named } from './words'

const all = ref<CategoryOut[]>([])
let asked: Promise<void> | undefined

export function loadCategories(): Promise<void> {
  asked ??= got(rulesListCategories()).then(
    (found) => { all.value = found.items },
    (error: unknown) => { asked = undefined; throw error },
  )
  return asked
}

/** What was kept of them, for the time without a network; what the server says is newer. */
export function holdCategories(kept: CategoryOut[]): void { if (!all.value.length) all.value = kept }
export const allCategories = (): CategoryOut[] => all.value

/** Asked again: after a change. */
export function reloadCategories(): Promise<void> {
  asked = undefined
  return loadCategories()
}

const byId = computed(() => new Map(all.value.map((c) => [c.id, c])))
export const categoryOf = (id: string | null | undefined): CategoryOut | undefined => byId.value.get(id ?? '')
/** All that are in use, classes and kinds. */
export const categories = computed(() => all.value.filter((c) => !c.valid_to))
export const leaves = computed(() => all.value.filter((c) => c.leaf && !c.valid_to))

export function categoryName(id: string | null | undefined): string {
  const found = categoryOf(id)
  return found ? named(found.name, found.name_en) : '—'
}

/** The names above it, from the top. */
export function pathOf(category: CategoryOut): string {
  const names: string[] = []
  for (let c = categoryOf(category.parent); c; c = categoryOf(c.parent)) names.unshift(named(c.name, c.name_en))
  return names.join(' › ')
}

/** Leaves that match, best first: code or name begins with it, then initials, then anything. */
export function findCategories(text: string, among = leaves.value): CategoryOut[] {
  const q = text.trim().toLowerCase()
  if (!q) return among
  const score = (c: CategoryOut): number => {
    const name = c.name.toLowerCase()
    const english = c.name_en.toLowerCase()
    if (c.code.startsWith(q) || name.startsWith(q) || english.startsWith(q)) return 4
    if (c.initials.toLowerCase().startsWith(q)) return 3
    if (name.includes(q) || english.includes(q) || c.initials.toLowerCase().includes(q)) return 2
    return c.keywords.some((k) => k.toLowerCase().includes(q)) || pathOf(c).toLowerCase().includes(q) ? 1 : 0
  }
  return among.map((c) => ({ c, s: score(c) })).filter((x) => x.s).sort((a, b) => b.s - a.s).map((x) => x.c)
}

const KEPT = 'wangge.recent-categories'
export function recentCategories(): CategoryOut[] {
  try {
    return (JSON.parse(localStorage.getItem(KEPT) ?? '[]') as string[]).map(categoryOf).filter((c) => c !== undefined)
  } catch {
    return []
  }
}
export function rememberCategory(id: string): void {
  const ids = [id, ...recentCategories().map((c) => c.id).filter((i) => i !== id)].slice(0, 6)
  localStorage.setItem(KEPT, JSON.stringify(ids))
}
