// One at a time, over all tabs of this phone where the browser has Web Locks, else in this one.
const here = new Map<string, Promise<unknown>>()

export async function alone<T>(name: string, act: () => Promise<T>): Promise<T> {
  if (globalThis.navigator?.locks) return (await navigator.locks.request(name, act)) as T
  const before = here.get(name) ?? Promise.resolve()
  const mine = before.then(act, act)
  here.set(name, mine.catch(() => undefined))
  return mine
}

/** Does it unless somebody is at it already; whether it was done. */
export async function ifFree(name: string, act: () => Promise<void>): Promise<boolean> {
  if (globalThis.navigator?.locks) {
    return (await navigator.locks.request(name, { ifAvailable: true }, async (lock) => { if (lock) await act(); return lock !== null })) as boolean
  }
  if (here.has(name)) return false
  const mine = act()
  here.set(name, mine)
  try { await mine } finally { here.delete(name) }
  return true
}
