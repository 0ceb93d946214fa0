// What a person sets for their own phone.
import { ref, watch } from 'vue'

function kept<T extends string>(key: string, allowed: readonly T[], first: T) {
  const found = localStorage.getItem(key) as T | null
  const value = ref<T>(found && allowed.includes(found) ? found : first)
  watch(value, (now) => localStorage.setItem(key, now as string))
  return value
}

export const SIZES = ['1', '1.25', '1.5'] as const
export const size = kept('wangge.size', SIZES, '1')
/** The longest edge of a photo that is sent, in pixels; whole: as the camera made it, with the place and time that it wrote. */
export const PHOTO_SIZES = ['whole', '2560', '1600'] as const
export const photoSize = kept('wangge.field.photo', PHOTO_SIZES, 'whole')

export function applySize(): void {
  document.documentElement.dataset['size'] = size.value
}
watch(size, applySize)
