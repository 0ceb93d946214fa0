// How one logs in here: by password, by single sign-on, or both.
import { ref } from 'vue'
import { peopleWays } from '../api/sdk.gen'
import type { WaysOut } from '../api/types.gen'
import { got } from './call'

export const ways = ref<WaysOut>({ password: true, sso: null })

/** Asks the server; without it the password's form stays, whose answer will say what is wrong. */
export async function askWays(): Promise<void> {
  ways.value = await got(peopleWays()).catch(() => ways.value)
}

/** The page to go on with after the log-in, within this app. */
export const further = (then: unknown): string => (typeof then === 'string' && then.startsWith('/') && !then.startsWith('//') ? then : '/')
