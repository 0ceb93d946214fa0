// A list that is asked for a page at a time, by keyset. An answer that was overtaken by a later question is dropped.
import { shallowReactive } from 'vue'

export interface Paged<T> { items: T[]; next?: string | null }
export interface List<T> {
  /** null: not there yet. */
  rows: T[] | null
  next: string | null
  error: unknown
  busy: boolean
  /** From the start: when the question has changed, or the data. The rows stay until the new ones are there. */
  load: () => Promise<void>
  more: () => Promise<void>
}

export function listOf<T>(page: (after: string | null) => Promise<Paged<T>>): List<T> {
  let turn = 0
  async function ask(after: string | null): Promise<void> {
    const mine = after ? turn : ++turn
    list.busy = true
    list.error = null
    try {
      const found = await page(after)
      if (mine !== turn) return
      list.rows = after ? [...(list.rows ?? []), ...found.items] : found.items
      list.next = found.next ?? null
    } catch (e) {
      if (mine === turn) list.error = e
    } finally {
      if (mine === turn) list.busy = false
    }
  }
  const list: List<T> = shallowReactive({
    rows: null, next: null, error: null, busy: false,
    load: () => ask(null),
    more: async () => { if (list.next && !list.busy) await ask(list.next) },
  })
  return list
}

/** A list whose answer is whole. */
export const wholeOf = <T>(all: () => Promise<T[]>): List<T> => listOf(async () => ({ items: await all() }))
