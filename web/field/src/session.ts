// Who works with this phone, and what is open while they do. What opens and closes it is in entry.ts: the lock screen is there before that is.
import { computed, ref, shallowRef } from 'vue'
import type { MeOut } from '@wangge/shared/api/types.gen'
import { type Glance, glance } from './kept/glance'
import type { Kept } from './kept/kept'
import type { Store } from './kept/store'
import type { MediaBox } from './outbox/media'
import type { Outbox } from './outbox/outbox'

/** What is open while somebody is in. */
export interface Work { user: string; key: CryptoKey; store: Store; box: Outbox; files: MediaBox; kept: Kept }
export const work = shallowRef<Work | null>(null)
export const me = ref<MeOut | null>(null)
export const isIn = computed(() => work.value !== null && me.value !== null)
/** Logged in, and no PIN chosen yet. */
export const wantsPin = shallowRef<{ me: MeOut; keys: string[] } | null>(null)
/** Why one is asked for the password again. */
export const why = ref<'ended' | 'stale' | 'wrong' | null>(null)
/** A log-in that the console must finish: its first password, a second factor to be set up. */
export const pending = ref<string | null>(null)

const permissions = computed(() => new Set(me.value?.permissions ?? []))
export const may = (permission: string): boolean => permissions.value.has(permission)

/** Without it nothing can be sealed, and nothing is kept: the browser gives it over https alone. */
export const isSecure = globalThis.isSecureContext && Boolean(globalThis.crypto?.subtle)
export const USER = 'wangge.field.user'
export const lastUser = (): string | null => localStorage.getItem(USER)

/** Whose phone this is and what waits on it, as far as can be told before it is opened. */
export async function owner(): Promise<Glance | null> {
  const user = lastUser()
  return user ? glance(user) : null
}

const opening: ((open: Work) => void)[] = []
const closing: (() => void)[] = []
/** Done whenever the work opens, at once when it is open already, and when it closes. */
export function around(open: (opened: Work) => void, close: () => void): void {
  opening.push(open)
  closing.push(close)
  if (work.value) open(work.value)
}

export function begin(opened: Work, who: MeOut): void {
  work.value = opened
  me.value = who
  why.value = wantsPin.value = pending.value = null
  for (const act of opening) act(opened)
}
export function lock(): void {
  for (const act of closing) act()
  work.value?.store.close()
  work.value = null
  me.value = null
}
