// Background Sync where the browser has it: a page that lies behind others is woken when there is a network again (public/carry.js).
interface Syncs { sync?: { register: (tag: string) => Promise<void> } }
const TAG = 'carry'

/** Asks to be woken; without the means nothing happens, and the app goes on by itself when it is looked at. */
export async function askToBeWoken(): Promise<void> {
  const registration = (await navigator.serviceWorker?.getRegistration()) as (ServiceWorkerRegistration & Syncs) | undefined
  await registration?.sync?.register(TAG).catch(() => undefined)
}
export function whenWoken(act: () => void): void {
  navigator.serviceWorker?.addEventListener('message', ({ data }) => { if ((data as { kind?: string } | null)?.kind === TAG) act() })
}
