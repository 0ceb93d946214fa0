// Large print, kept for the next visit.
import { ref } from 'vue'

const KEPT = 'wangge.portal.size'
export const size = ref(localStorage.getItem(KEPT) ?? '1')

export function applySize(): void { document.documentElement.dataset['size'] = size.value }

/** Ordinary, large, largest, and ordinary again. */
export function larger(): void {
  size.value = size.value === '1' ? '1.25' : size.value === '1.25' ? '1.5' : '1'
  localStorage.setItem(KEPT, size.value)
  applySize()
}
