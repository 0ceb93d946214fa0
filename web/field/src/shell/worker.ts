// The service worker: the app opens without a network from the second time on, and a new version waits until its person takes it.
import { ref, shallowRef } from 'vue'
import { registerSW } from 'virtual:pwa-register'

/** A new version lies ready. */
export const renewable = ref(false)
const HOUR = 3_600_000
/** The browser's offer to put the app on the home screen. */
interface Offer extends Event { prompt: () => Promise<unknown> }
export const offer = shallowRef<Offer | null>(null)
let renew: ((reload?: boolean) => Promise<void>) | undefined

export function lookAfter(): void {
  window.addEventListener('beforeinstallprompt', (event) => { event.preventDefault(); offer.value = event as Offer })
  if (!('serviceWorker' in navigator)) return
  renew = registerSW({
    onNeedRefresh: () => { renewable.value = true },
    onRegisteredSW: (_, registration) => { setInterval(() => { if (navigator.onLine) void registration?.update().catch(() => undefined) }, HOUR) },
  })
}
/** Takes the new version and opens it; drafts and the outbox are on the phone. */
export const takeNew = (): Promise<void> | undefined => renew?.(true)
