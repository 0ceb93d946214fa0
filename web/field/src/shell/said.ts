// A sentence about what was just done, for a few seconds above the bar.
import { ref } from 'vue'

export const said = ref('')
const LONG = 3500
let timer: ReturnType<typeof setTimeout> | undefined

export function tell(text: string): void {
  said.value = text
  clearTimeout(timer)
  timer = setTimeout(() => { said.value = '' }, LONG)
}
