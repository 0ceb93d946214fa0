// The key of what one person has on this phone (docs/decisions/0015). Its 32 bytes lie here twice, wrapped: under the person's PIN together with
// a key that this browser does not export, for the day; and under a key that the server gives for a log-in. Five wrong PINs, a session that
// ended, or a week without the server take the first away: then only a log-in opens it, and nothing that waits to be sent is lost.
import Dexie, { type EntityTable } from 'dexie'
import { KEY_BYTES, openBytes, randomBytes, type Sealed, sealBytes, sealingKey } from './seal'

type Bytes = Uint8Array<ArrayBuffer>
/** `byPin`: absent until a PIN is set, or when it was taken away; `putAway`: it, sealed under the key itself, to be put back by the next log-in. */
export interface Vault {
  user: string
  device: string
  name: string
  login: string
  here: CryptoKey
  salt: Bytes
  byServer: Sealed
  byPin?: Sealed
  putAway?: Sealed
  wrong: number
  /** When the server was last heard (ms). */
  contact: number
}

const ROUNDS = 600_000 // of PBKDF2-SHA-256: what OWASP asks for
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

async function keyOfPin(pin: string, { salt, here }: Pick<Vault, 'salt' | 'here'>): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveBits'])
  const stretched = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS }, typed, 256)
  return sealingKey(await crypto.subtle.sign('HMAC', here, stretched)) // worth nothing without this browser's own key
}

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
export async function openByLogIn(person: Person, device: string, keys: readonly string[], pin: string | null): Promise<Opened> {
  const found = await vaultOf(person.user)
  const server = await Promise.all(keys.map((text) => sealingKey(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))))
  const [present] = server
  if (!present) throw new Error('the server gave no key')
  const base: Vault = found ?? {
    ...person, device, salt: randomBytes(16), wrong: 0, contact: Date.now(), byServer: await fresh(present, person.user),
    here: await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  }
  for (const by of server) {
    const next: Vault = { ...base, ...person, wrong: 0, contact: Date.now() }
    try {
      const key = await unwrapped(by, base.byServer, person.user, async (raw) => {
        next.byServer = await sealBytes(present, raw, person.user) // under the present key, if it was another
        if (pin) next.byPin = await sealBytes(await keyOfPin(pin, next), raw, person.user)
      })
      if (!next.byPin && next.putAway) next.byPin = await revived(key, next.putAway, person.user)
      delete next.putAway
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

/** The PIN's wrapping as bytes: iv, then data. */
const flat = ({ iv, data }: Sealed): Bytes => new Uint8Array([...iv, ...new Uint8Array(data)])
async function revived(key: CryptoKey, away: Sealed, user: string): Promise<Sealed> {
  const bytes = new Uint8Array(await openBytes(key, away, `pin ${user}`))
  return { iv: bytes.slice(0, 12), data: bytes.slice(12).buffer }
}

export type Tried = { opened: Opened } | { left: number }
/** Opens by PIN. `left`: it was wrong, and so many tries are left; at 0 only a log-in opens it. The try is counted before it is made. */
export async function openByPin(user: string, pin: string): Promise<Tried> {
  const vault = await vaultOf(user)
  if (!vault?.byPin) return { left: 0 }
  const wrong = vault.wrong + 1
  await vaults.vaults.update(user, { wrong })
  try {
    const key = await unwrapped(await keyOfPin(pin, vault), vault.byPin, user)
    await vaults.vaults.update(user, { wrong: 0 })
    return { opened: { key, vault: { ...vault, wrong: 0 } } }
  } catch {
    if (wrong >= MOST_WRONG) await takePin(user)
    return { left: Math.max(0, MOST_WRONG - wrong) }
  }
}

/** Takes the PIN away. With the key at hand it is put back by the next log-in; without (wrong PINs) a new one is to be set. */
export async function takePin(user: string, key?: CryptoKey): Promise<void> {
  const vault = await vaultOf(user)
  if (!vault) return
  const { byPin, ...rest } = vault
  if (!byPin) return
  await vaults.vaults.put(key ? { ...rest, putAway: await sealBytes(key, flat(byPin), `pin ${user}`) } : rest)
}

export const heard = (user: string): Promise<number> => vaults.vaults.update(user, { contact: Date.now() })
/** Too long without the server for what is held of others. */
export const isStale = (vault: Vault, now: number): boolean => now - vault.contact > HOLD_MS
