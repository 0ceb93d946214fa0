// Answers of the server for the time without it, and drafts: one sealed value under each key.
import { open, seal } from './seal'
import type { KeptRow, Store } from './store'

export interface Found<T> { value: T; at: number }

export class Kept {
  constructor(private readonly store: Store, private readonly key: CryptoKey) {}

  row(key: string, value: unknown, at = Date.now()): Promise<KeptRow> {
    return seal(this.key, value, `kept/${key}`).then((sealed) => ({ key, at, sealed }))
  }
  async put(key: string, value: unknown): Promise<void> {
    const row = await this.row(key, value)
    await this.store.kept.put(row)
  }
  async get<T>(key: string): Promise<Found<T> | null> {
    const row = await this.store.kept.get(key)
    return row ? { value: await open<T>(this.key, row.sealed, `kept/${key}`), at: row.at } : null
  }
  /** Values whose key begins so, the newest first. */
  async all<T>(prefix: string): Promise<Found<T>[]> {
    const rows = await this.store.kept.where('key').startsWith(prefix).toArray()
    return Promise.all(rows.sort((a, b) => b.at - a.at).map(async (r) => ({ value: await open<T>(this.key, r.sealed, `kept/${r.key}`), at: r.at })))
  }
  async drop(key: string): Promise<void> { await this.store.kept.delete(key) }

  /** The server's answer, kept; without the server what was kept, with its time. Throws what went wrong when there is neither. */
  async fresh<T>(key: string, ask: () => Promise<T>, offline: (error: unknown) => boolean): Promise<Found<T>> {
    try {
      const value = await ask()
      await this.put(key, value)
      return { value, at: Date.now() }
    } catch (error) {
      const held = offline(error) ? await this.get<T>(key) : null
      if (!held) throw error
      return held
    }
  }
}

/** Drafts are the person's own work; everything else is what the server told of others. */
export const DRAFT = 'draft:'
/** Forgets what the server told; drafts and what waits to be sent stay. */
export async function forgetView(store: Store): Promise<void> {
  await store.kept.filter((row) => !row.key.startsWith(DRAFT)).delete()
}
