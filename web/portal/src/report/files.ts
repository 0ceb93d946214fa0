// Photos of a report that has not wholly arrived, in the browser's own database: a page that was closed sends them afterwards. They go with
// the report that is kept in local storage, and with nothing else.
export interface Held { id: string; kind: 'photo' | 'video' | 'audio'; file: File }
const STORE = 'files'

async function store<T>(mode: IDBTransactionMode, act: (files: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const base = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('wangge.portal', 1)
    opening.onupgradeneeded = () => { opening.result.createObjectStore(STORE, { keyPath: 'id' }) }
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
  try {
    return await new Promise((resolve, reject) => {
      const doing = base.transaction(STORE, mode)
      const asked = act(doing.objectStore(STORE))
      doing.oncomplete = () => resolve(asked.result)
      doing.onabort = () => reject(doing.error)
    })
  } finally {
    base.close()
  }
}

/** These and no others. Where a browser keeps nothing (private windows, a full phone) they live as long as the page. */
export async function holdFiles(files: Held[]): Promise<void> {
  await store('readwrite', (all) => {
    const cleared = all.clear()
    for (const { id, kind, file } of files) all.put({ id, kind, file })
    return cleared
  }).catch(() => undefined)
}
/** In the order in which they were chosen. */
export const heldFiles = (): Promise<Held[]> => store<Held[]>('readonly', (all) => all.getAll()).catch(() => [])
export const letGo = (id: string): Promise<void> => store('readwrite', (all) => all.delete(id)).catch(() => undefined)
