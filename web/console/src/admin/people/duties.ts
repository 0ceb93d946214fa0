// What units have to do (duties), as the rules name them: asked for once.
import { ref } from 'vue'
import { rulesWords } from '@wangge/shared/api/sdk.gen'
import { got } from '@wangge/shared/src/call'
import { type Both, say } from '@wangge/shared/src/words'

const known = ref<Record<string, Both>>({})
let asked: Promise<void> | undefined

export function loadDuties(): Promise<void> {
  asked ??= got(rulesWords()).then((tables) => { known.value = tables['duty'] ?? {} })
  asked.catch(() => { asked = undefined })
  return asked
}
export const dutyOf = (duty: string): string => say(known.value[duty]) || duty
export const dutiesNow = (): { value: string; label: string }[] => Object.entries(known.value).map(([value, both]) => ({ value, label: say(both) }))
