// How one comes in and leaves: log-in at the server, then by PIN or the device's own unlock.
import Dexie from 'dexie'
import { peopleDeviceKeys, peopleLogIn, peopleLogOut, peopleMe, peopleShowFactor } from '@wangge/shared/api/sdk.gen'
import type { MeOut } from '@wangge/shared/api/types.gen'
import { Failed, got, whenLoggedOut } from '@wangge/shared/src/call'
import { uuid7 } from '@wangge/shared/src/ids'
import { startLive, stopLive } from '@wangge/shared/src/live'
import { speak } from '@wangge/shared/src/words'
import { askDevice, newPasskey } from './kept/device'
import { forgetView, Kept } from './kept/kept'
import { nameFor, Store } from './kept/store'
import { addDevice, dropDevice, forgetVault, heard, isStale, type Opened, openByDevice, openByLogIn, openByPin, takePin, vaultOf } from './kept/vault'
import { MediaBox } from './outbox/media'
import { Outbox } from './outbox/outbox'
import { around, begin, lastUser, lock, me, pending, USER, wantsPin, why, work } from './session'

const DEVICE = 'wangge.field.device'
const LEAVING = 'wangge.field.leaving'
function device(): string {
  const known = localStorage.getItem(DEVICE) ?? uuid7()
  localStorage.setItem(DEVICE, known)
  return known
}

around(() => { startLive().catch(() => undefined) }, stopLive) // the phone works without it

async function enter({ key }: Opened, who: MeOut): Promise<void> {
  const user = who.id ?? ''
  const store = new Store(user)
  const kept = new Kept(store, key)
  await kept.put('me', who)
  localStorage.setItem(USER, user)
  speak(who.language === 'en' ? 'en' : 'zh')
  begin({ user, key, store, box: new Outbox(store, key), files: new MediaBox(store, key), kept }, who)
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
/** Back from the provider of single sign-on, with a session. */
export async function logInBySso(): Promise<void> {
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
  return (await opened(user, tried.opened)) ? null : 0
}
/** Opens by the device's own unlock. Answers whether it is open; throws NotAllowedError when it was declined. */
export async function unlockByDevice(): Promise<boolean> {
  const user = lastUser() ?? ''
  const { passkey } = (await vaultOf(user)) ?? {}
  const found = passkey ? await openByDevice(user, await askDevice(passkey)) : null
  return found !== null && opened(user, found)
}
/** Makes the device's own unlock open it too; answers as `unlock`. Throws what `newPasskey` throws. */
export async function useDevice(pin: string): Promise<number | null> {
  const [open, who] = [work.value, me.value]
  if (!open || !who) return 0
  const { passkey, secret } = await newPasskey(who.login, who.name)
  const tried = await addDevice(open.user, pin, passkey, secret)
  return 'opened' in tried ? null : tried.left
}
export const leaveDevice = async (): Promise<void> => { if (work.value) await dropDevice(work.value.user) }

/** Lets its person in, unless it was too long without the server: then what the server told goes, and only a log-in opens it. */
async function opened(user: string, found: Opened): Promise<boolean> {
  const { key, vault } = found
  const store = new Store(user)
  if (isStale(vault, Date.now())) {
    await forgetView(store)
    await takePin(user, key)
    why.value = 'stale'
    store.close()
    return false
  }
  const known = await new Kept(store, key).get<MeOut>('me')
  store.close()
  await enter(found, known?.value ?? (await got(peopleMe())))
  void renew()
  return true
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

/** Answers where to go so that the provider of single sign-on ends its session too. */
async function leaveServer(): Promise<string | null> {
  const answer = await got(peopleLogOut()).catch((error: unknown) => { if (!(error instanceof Failed) || error.status === 0) throw error })
  localStorage.removeItem(LEAVING)
  return answer?.next ?? null
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
  const next = await leaveServer().catch(() => null)
  if (next) location.assign(next)
}
/** Before somebody else logs in: whoever left without a network is logged out. */
export async function finishLeaving(): Promise<void> { if (localStorage.getItem(LEAVING)) await leaveServer().catch(() => undefined) }
