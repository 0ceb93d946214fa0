// What people read, in both languages. A table of words stands beside the screen that says them; a sentence without its English is an
// error of the compiler.
import { computed, ref } from 'vue'
import table from '../api/words.json'

export type Language = 'zh' | 'en'
export interface Both { zh: string; en: string }
type Pair = readonly [zh: string, en: string]

const KEPT = 'wangge.language'
export const language = ref<Language>(first())

function first(): Language {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** Speak this language from now on, here and at the next visit. */
export function speak(chosen: Language): void {
  language.value = chosen
  localStorage.setItem(KEPT, chosen)
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en'
}

/** `words({ save: ['保存', 'Save'] }).save` is the word in the language that is spoken now. */
export function words<T extends Record<string, Pair>>(given: T): { readonly [K in keyof T]: string } {
  const spoken = {} as { [K in keyof T]: string }
  for (const key of Object.keys(given) as (keyof T)[]) {
    Object.defineProperty(spoken, key, { enumerable: true, get: () => given[key]?.[language.value === 'zh' ? 0 : 1] ?? '' })
  }
  return spoken
}

/** `fill('{n} new', { n: 3 })`. English counts one apart from many: `fill('{n} {n:day|days}', { n: 1 })` is “1 day”. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) =>
    one === undefined ? String(values[name] ?? '') : (String(values[name]) === '1' ? one : many ?? ''))
}

/** What the server says in both languages. */
export const say = (both: Both | null | undefined): string => both?.[language.value] ?? ''

/** The name of something that has an English one, perhaps. */
export const named = (name: string | null | undefined, english: string | null | undefined): string =>
  (language.value === 'en' && english) || name || '—'

type Tables = typeof table
export type Kind = keyof Tables

/** What a value of the loop is called: `nameOf('status', 'handling')`. A value that this build does not know is shown as it is. */
export function nameOf(kind: Kind, value: string | null | undefined): string {
  const found = (table[kind] as Record<string, Both>)[value ?? '']
  return found ? say(found) : (value ?? '')
}

export const valuesOf = (kind: Kind): string[] => Object.keys(table[kind])
export const isChinese = computed(() => language.value === 'zh')
