// What the lock screen knows: whose phone it is, how it opens, how much waits. It reads the browser's database by itself, because Dexie is
// larger than everything else that the lock screen needs.
import type { Vault } from './vault'

/** `left`: operations that are not on the server. */
export type Glance = Pick<Vault, 'name' | 'login'> & { byPin: boolean; byDevice: boolean; left: number }

const answered = <T>(asked: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => { asked.onsuccess = () => done(asked.result); asked.onerror = () => failed(asked.error ?? new Error('indexedDB')) })

/** What `read` finds in a database that is there; null when there is none, which is not made. */
async function reading<T>(name: string, store: string, read: (from: IDBObjectStore) => Promise<T>): Promise<T | null> {
  const asked = indexedDB.open(name)
  asked.onupgradeneeded = () => asked.transaction?.abort()
  const db = await answered(asked).catch(() => null)
  if (!db) return null
  try {
    return db.objectStoreNames.contains(store) ? await read(db.transaction(store).objectStore(store)) : null
  } finally {
    db.close()
  }
}

export async function glance(user: string): Promise<Glance | null> {
  const [vault, left] = await Promise.all([
    reading('wangge-field', 'vaults', (vaults) => answered<Vault | undefined>(vaults.get(user))),
    reading(`wangge-field-${user}`, 'operations', async (operations) => {
      const [all, sent] = await Promise.all([answered(operations.count()), answered(operations.index('standing').count('sent'))])
      return all - sent
    }),
  ])
  return vault ? { name: vault.name, login: vault.login, byPin: Boolean(vault.byPin), byDevice: Boolean(vault.byDevice), left: left ?? 0 } : null
}
