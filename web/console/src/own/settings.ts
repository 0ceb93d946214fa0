// What a person sets for their own desk: kept in this browser, but for the language, which goes to the server as well.
import { ref, watch } from 'vue'

export type Size = '1' | '1.25' | '1.5'
export const SIZES: Size[] = ['1', '1.25', '1.5']

function kept<T extends string>(key: string, allowed: readonly T[], first: T) {
  const found = localStorage.getItem(key) as T | null
  const value = ref<T>(found && allowed.includes(found) ? found : first)
  watch(value, (now) => localStorage.setItem(key, now as string))
  return value
}

export const size = kept<Size>('wangge.size', SIZES, '1')
export const density = kept('wangge.density', ['compact', 'normal'] as const, 'normal')
export const menu = kept('wangge.menu', ['wide', 'narrow'] as const, 'wide')

export function applySize(): void {
  document.documentElement.dataset['size'] = size.value
}
watch(size, applySize)
