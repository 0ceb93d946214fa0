// Who works with this phone: log-in at the server, then by PIN. What is held is open only while somebody is in.
import Dexie from 'dexie'
import { computed, ref, shallowRef } from 'vue'
import { peopleDeviceKeys, peopleLogIn, peopleLogOut, peopleMe, peopleShowFactor } from '@wangge/shared/api/sdk.gen'
import type { MeOut } from '@wangge/shared/api/types.gen'
import { Failed, got, whenLoggedOut } from '@wangge/shared/src/call'
import { uuid7 } from '@wangge/shared/src/ids'
import { startLive, stopLive } from '@wangge/shared/src/live'
import { speak } from '@wangge/shared/src/words'
import { forgetView, Kept } from './kept/kept'
import { nameFor, Store } from './kept/store'
import { forgetVault, heard, isStale, type Opened, openByLogIn, openByPin, takePin, type Vault, vaultOf } from './kept/vault'
import { MediaBox } from './outbox/media'
import { Outbox } from './outbox/outbox'

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
const USER = 'wangge.field.user'
const DEVICE = 'wangge.field.device'
const LEAVING = 'wangge.field.leaving'
export const lastUser = (): string | null => localStorage.getItem(USER)
function device(): string {
  const known = localStorage.getItem(DEVICE) ?? uuid7()
  localStorage.setItem(DEVICE, known)
  return known
}

/** Whose phone this is, as far as can be told before it is opened. */
export async function owner(): Promise<Vault | undefined> {
  const user = lastUser()
  return user ? vaultOf(user) : undefined
}

const opening: ((open: Work) => void)[] = []
const closing: (() => void)[] = []
/** Done whenever the work opens, at once when it is open already, and when it closes. */
export function around(open: (opened: Work) => void, close: () => void): void {
  opening.push(open)
  closing.push(close)
  if (work.value) open(work.value)
}

async function enter({ key }: Opened, who: MeOut): Promise<void> {
  const user = who.id ?? ''
  const store = new Store(user)
  const opened: Work = { user, key, store, box: new Outbox(store, key), files: new MediaBox(store, key), kept: new Kept(store, key) }
  await opened.kept.put('me', who)
  localStorage.setItem(USER, user)
  work.value = opened
  me.value = who
  why.value = wantsPin.value = pending.value = null
  speak(who.language === 'en' ? 'en' : 'zh')
  for (const act of opening) act(opened)
  startLive().catch(() => undefined) // the phone works without it
}

/** Asks the server who we are and for the keys, after a step of a log-in. */
async function loggedIn(): Promise<void> {
  const who = await got(peopleMe())
  pending.value = who.pending
  if (who.pending || !who.id) return
  const { keys } = await got(peopleDeviceKeys({ body: { device: device() } }))
  const known = await vaultOf(who.id)
  if (known?.byPin || known?.putAway) await enter(await openByLogIn(personOf(who), device(), keys, null), who)
  else wantsPin.value = { me: who, keys }
}
const personOf = (who: MeOut) => ({ user: who.id ?? '', name: who.name, login: who.login })

export async function logIn(login: string, password: string): Promise<void> {
  await got(peopleLogIn({ body: { login, password } }))
  localStorage.removeItem(LEAVING)
  await loggedIn()
}
export async function showFactor(code: string): Promise<void> {
  await got(peopleShowFactor({ body: { code } }))
  await loggedIn()
}
export async function choosePin(pin: string): Promise<void> {
  const asked = wantsPin.value
  if (asked) await enter(await openByLogIn(personOf(asked.me), device(), asked.keys, pin), asked.me)
}

/** Opens by PIN, without the server if need be. Answers how many tries are left; null: it is open. */
export async function unlock(pin: string): Promise<number | null> {
  const user = lastUser() ?? ''
  const tried = await openByPin(user, pin)
  if (!('opened' in tried)) {
    if (tried.left === 0) why.value = 'wrong'
    return tried.left
  }
  const { key, vault } = tried.opened
  const store = new Store(user)
  if (isStale(vault, Date.now())) {
    await forgetView(store)
    await takePin(user, key)
    why.value = 'stale'
    return 0
  }
  const known = await new Kept(store, key).get<MeOut>('me')
  await enter(tried.opened, known?.value ?? (await got(peopleMe())))
  void renew()
  return null
}

/** What the server says of us now: rights may have changed. */
async function renew(): Promise<void> {
  const open = work.value
  try {
    if (localStorage.getItem(LEAVING)) await leaveServer()
    const who = await got(peopleMe())
    if (!open || who.id !== open.user) return
    me.value = who
    await open.kept.put('me', who)
    await heard(open.user)
  } catch { /* without a network: what is known stays */ }
}
/** The server was heard. */
export const contacted = async (): Promise<void> => { if (work.value) await heard(work.value.user) }

export function lock(): void {
  stopLive()
  for (const act of closing) act()
  work.value?.store.close()
  work.value = null
  me.value = null
}

/** The session ended, at its time or because somebody ended it: what the server told goes, what is not sent stays sealed until the next log-in. */
async function ended(): Promise<void> {
  const open = work.value
  if (!open) return
  why.value = 'ended'
  lock()
  const store = new Store(open.user)
  await forgetView(store)
  await takePin(open.user, open.key)
  store.close()
}
whenLoggedOut(() => { void ended() })

async function leaveServer(): Promise<void> {
  await got(peopleLogOut()).catch((error: unknown) => { if (!(error instanceof Failed) || error.status === 0) throw error })
  localStorage.removeItem(LEAVING)
}

/** Leaves nothing of this person on the phone. The session ends at the server now, or as soon as it can be reached. */
export async function logOut(): Promise<void> {
  const user = work.value?.user ?? lastUser()
  lock()
  localStorage.setItem(LEAVING, '1')
  localStorage.removeItem(USER)
  if (user) {
    await Dexie.delete(nameFor(user))
    await forgetVault(user)
  }
  await leaveServer().catch(() => undefined)
}
/** Before somebody else logs in: whoever left without a network is logged out. */
export const finishLeaving = (): Promise<void> => (localStorage.getItem(LEAVING) ? leaveServer().catch(() => undefined) : Promise.resolve())
