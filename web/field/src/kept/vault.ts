// The key of what one person has on this phone (docs/decisions/0015). Its 32 bytes lie here wrapped: under the person's PIN together with
// a key that this browser does not export, and under the device's own unlock where the person wants it, for the day; and under a key that the
// server gives for a log-in. Five wrong PINs, a session that ended, or a week without the server take the first two away: then only a log-in
// opens it, and nothing that waits to be sent is lost.
import Dexie, { type EntityTable } from 'dexie'
import type { Passkey } from './device'
import { flat, KEY_BYTES, openBytes, randomBytes, ROUNDS, type Sealed, sealBytes, sealingKey, stretched, unflat } from './seal'

type Bytes = Uint8Array<ArrayBuffer>
/** `byPin`: absent until a PIN is set, or when it was taken away; `putAway`: it, sealed under the key itself, to be put back by the next log-in.
 * `byDevice` and `deviceAway` the same of the device's own unlock, which `passkey` names. */
export interface Vault {
  user: string
  device: string
  name: string
  login: string
  here: CryptoKey
  salt: Bytes
  /** How much work a PIN takes; kept, so that a later version may ask for more of new ones. */
  rounds: number
  byServer: Sealed
  byPin?: Sealed
  putAway?: Sealed
  passkey?: Passkey
  byDevice?: Sealed
  deviceAway?: Sealed
  wrong: number
  /** When the server was last heard (ms). */
  contact: number
}

export const MOST_WRONG = 5
export const HOLD_MS = 7 * 24 * 3_600_000

class Vaults extends Dexie {
  vaults!: EntityTable<Vault, 'user'>
  constructor() {
    super('wangge-field')
    this.version(1).stores({ vaults: 'user' })
  }
}
const vaults = new Vaults()

export const vaultOf = (user: string): Promise<Vault | undefined> => vaults.vaults.get(user)
export const forgetVault = (user: string): Promise<void> => vaults.vaults.delete(user)

/** Whatever opens it is worth nothing without this browser's own key. */
const mixed = async (secret: BufferSource, here: CryptoKey): Promise<CryptoKey> => sealingKey(await crypto.subtle.sign('HMAC', here, secret))
const keyOfPin = async (pin: string, { salt, rounds, here }: Pick<Vault, 'salt' | 'rounds' | 'here'>): Promise<CryptoKey> => mixed(await stretched(pin, salt, rounds), here)
const devicePlace = (user: string): string => `device ${user}`

/** The key out of its wrapping; its bytes are wiped as soon as it is made. */
async function unwrapped(by: CryptoKey, sealed: Sealed, user: string, also?: (raw: ArrayBuffer) => Promise<void>): Promise<CryptoKey> {
  const raw = await openBytes(by, sealed, user)
  try {
    await also?.(raw)
    return await sealingKey(raw)
  } finally {
    new Uint8Array(raw).fill(0)
  }
}

export interface Person { user: string; name: string; login: string }
export interface Opened { key: CryptoKey; vault: Vault }
/** What of the vault a log-in may need besides: a PIN to be set. `keys`: of the server, the present one first. */
export async function openByLogIn(person: Person, device: string, keys: readonly string[], pin: string | null, rounds = ROUNDS): Promise<Opened> {
  const found = await vaultOf(person.user)
  const server = await Promise.all(keys.map((text) => sealingKey(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))))
  const [present] = server
  if (!present) throw new Error('the server gave no key')
  const base: Vault = found ?? {
    ...person, device, salt: randomBytes(16), rounds, wrong: 0, contact: Date.now(), byServer: await fresh(present, person.user),
    here: await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  }
  for (const by of server) {
    const next: Vault = { ...base, ...person, wrong: 0, contact: Date.now() }
    try {
      const key = await unwrapped(by, base.byServer, person.user, async (raw) => {
        next.byServer = await sealBytes(present, raw, person.user) // under the present key, if it was another
        if (pin) next.byPin = await sealBytes(await keyOfPin(pin, next), raw, person.user)
      })
      if (!next.byPin && next.putAway) next.byPin = await revived(key, next.putAway, `pin ${person.user}`)
      if (!next.byDevice && next.deviceAway) next.byDevice = await revived(key, next.deviceAway, devicePlace(person.user))
      delete next.putAway
      delete next.deviceAway
      await vaults.vaults.put(next)
      return { key, vault: next }
    } catch (error) {
      if (by === server.at(-1)) throw error
    }
  }
  throw new Error('unreachable')
}

async function fresh(by: CryptoKey, user: string): Promise<Sealed> {
  const raw = randomBytes(KEY_BYTES)
  try { return await sealBytes(by, raw, user) } finally { raw.fill(0) }
}

async function revived(key: CryptoKey, away: Sealed, place: string): Promise<Sealed> {
  return unflat(new Uint8Array(await openBytes(key, away, place)))
}

export type Tried = { opened: Opened } | { left: number }
/** Opens by PIN. `left`: it was wrong, and so many tries are left; at 0 only a log-in opens it. The try is counted before it is made. */
export async function openByPin(user: string, pin: string, also?: (raw: ArrayBuffer) => Promise<void>): Promise<Tried> {
  const vault = await vaultOf(user)
  if (!vault?.byPin) return { left: 0 }
  const wrong = vault.wrong + 1
  await vaults.vaults.update(user, { wrong })
  try {
    const key = await unwrapped(await keyOfPin(pin, vault), vault.byPin, user, also)
    await vaults.vaults.update(user, { wrong: 0 })
    return { opened: { key, vault: { ...vault, wrong: 0 } } }
  } catch {
    if (wrong >= MOST_WRONG) await takePin(user)
    return { left: Math.max(0, MOST_WRONG - wrong) }
  }
}

/** From now on the device's own unlock opens it as well. The PIN says that it is its person; answers as `openByPin`. */
export async function addDevice(user: string, pin: string, passkey: Passkey, secret: BufferSource): Promise<Tried> {
  const vault = await vaultOf(user)
  let byDevice: Sealed | undefined
  const tried = await openByPin(user, pin, async (raw) => { if (vault) byDevice = await sealBytes(await mixed(secret, vault.here), raw, devicePlace(user)) })
  if ('opened' in tried && byDevice) await vaults.vaults.update(user, { passkey, byDevice })
  return tried
}
export async function dropDevice(user: string): Promise<void> {
  await vaults.vaults.where('user').equals(user).modify((vault) => {
    delete vault.passkey
    delete vault.byDevice
    delete vault.deviceAway
  })
}
/** Opens by what the device's own unlock gave; throws OperationError for another's. */
export async function openByDevice(user: string, secret: BufferSource): Promise<Opened | null> {
  const vault = await vaultOf(user)
  if (!vault?.byDevice) return null
  const key = await unwrapped(await mixed(secret, vault.here), vault.byDevice, devicePlace(user))
  await vaults.vaults.update(user, { wrong: 0 })
  return { key, vault: { ...vault, wrong: 0 } }
}

/** Takes PIN and device's unlock away. With the key at hand they are put back by the next log-in; without (wrong PINs) new ones are to be set. */
export async function takePin(user: string, key?: CryptoKey): Promise<void> {
  const vault = await vaultOf(user)
  if (!vault) return
  const { byPin, byDevice, passkey, ...rest } = vault
  if (!byPin && !byDevice) return
  if (!key) return void (await vaults.vaults.put(rest))
  await vaults.vaults.put({
    ...rest,
    ...(byPin ? { putAway: await sealBytes(key, flat(byPin), `pin ${user}`) } : {}),
    ...(byDevice && passkey ? { passkey, deviceAway: await sealBytes(key, flat(byDevice), devicePlace(user)) } : {}),
  })
}

export const heard = (user: string): Promise<number> => vaults.vaults.update(user, { contact: Date.now() })
/** Too long without the server for what is held of others. */
export const isStale = (vault: Vault, now: number): boolean => now - vault.contact > HOLD_MS
