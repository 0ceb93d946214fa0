// What the browser asks its person for: told in plain words first, once, when it is needed.
import { ref } from 'vue'

export type Need = 'geolocation' | 'microphone' | 'camera'
const key = (need: Need): string => `wangge.field.told.${need}`

export const isTold = (need: Need): boolean => localStorage.getItem(key(need)) !== null
/** Whether its person is to be told first: the browser will ask, and they were not told yet. */
async function toBeTold(need: Need): Promise<boolean> {
  if (isTold(need)) return false
  const found = await navigator.permissions?.query({ name: need as PermissionName }).catch(() => null)
  return found?.state !== 'granted' && found?.state !== 'denied'
}

/** `tells`: the reason is to be shown (Why.vue). `ask` does what makes the browser ask, at once when there is nothing to be told, else after `agreed`. */
export function needing(need: Need, ask: () => void) {
  const tells = ref(false)
  return {
    tells,
    begin: async (): Promise<void> => {
      tells.value = await toBeTold(need)
      if (!tells.value) ask()
    },
    agreed: (): void => {
      localStorage.setItem(key(need), '1')
      tells.value = false
      ask()
    },
  }
}
