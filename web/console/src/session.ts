// Who is logged in, and what they may do.
import { computed, ref } from 'vue'
import { peopleLogOut, peopleMe } from '@wangge/shared/api/sdk.gen'
import type { MeOut } from '@wangge/shared/api/types.gen'
import { forgetAll } from '@wangge/shared/src/acting'
import { Failed, got, whenLoggedOut } from '@wangge/shared/src/call'
import { startLive, stopLive } from '@wangge/shared/src/live'
import { speak } from '@wangge/shared/src/words'

export const me = ref<MeOut | null>(null)
export const isIn = computed(() => me.value?.kind === 'user' && !me.value.pending)

const permissions = computed(() => new Set(me.value?.permissions ?? []))
export const may = (permission: string): boolean => permissions.value.has(permission)
export const mayAny = (...some: string[]): boolean => some.some(may)

/** The cookie cannot be seen from here; that there is one is noted, so that nobody is asked for who was never here. */
const NOTED = 'wangge.in'

/** Ask the server who we are: when a page is opened, and after each step of a log-in. */
export async function whoAmI(): Promise<MeOut | null> {
  try {
    me.value = await got(peopleMe())
    localStorage.setItem(NOTED, '1')
  } catch (error) {
    if (!(error instanceof Failed) || error.status !== 401) throw error
    left()
  }
  if (isIn.value && me.value) {
    speak(me.value.language === 'en' ? 'en' : 'zh')
    if (may('cases.read')) startLive().catch(() => undefined) // the desk works without it and says that it is not live
  }
  return me.value
}

function left(): void {
  stopLive()
  forgetAll()
  localStorage.removeItem(NOTED)
  me.value = null
}

/** Who we are when a page is opened. */
export const whoWasI = async (): Promise<MeOut | null> => (localStorage.getItem(NOTED) ? whoAmI() : null)

export async function logOut(): Promise<void> {
  const answer = await got(peopleLogOut()).catch(() => undefined)
  left()
  if (answer?.next) location.assign(answer.next) // the provider's session ends too
}

whenLoggedOut(() => { if (me.value) left() })
