// How much room the browser still gives this app: told before it is short, because a photo that has no room cannot be taken again. Some
// browsers tell every site of the same large room: there the first write that finds none says so.
import { ref } from 'vue'

/** Bytes: some twenty photos, or one video. */
const SHORT = 100_000_000
export interface Room { used: number; quota: number; persists: boolean }
export const room = ref<Room | null>(null)
/** What is left when it is short (bytes; 0: a write found no room), else null. */
export const short = ref<number | null>(null)
let full = false

export const isFull = (e: unknown): boolean => (e as Error | null)?.name === 'QuotaExceededError' || (e as { inner?: Error } | null)?.inner?.name === 'QuotaExceededError'
export function metFull(): void {
  full = true
  short.value = 0
}
/** Looks anew. `fits`: something was written or freed since a write found no room. */
export async function measure(fits = false): Promise<void> {
  if (fits) full = false
  const found = await navigator.storage?.estimate?.().catch(() => null)
  if (!found?.quota) return
  const [used, quota] = [found.usage ?? 0, found.quota]
  room.value = { used, quota, persists: (await navigator.storage.persisted?.()) ?? false }
  short.value = full ? 0 : quota - used < SHORT ? Math.max(0, quota - used) : null
}
