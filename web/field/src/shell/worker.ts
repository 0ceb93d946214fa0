// The service worker: the app opens without a network from the second time on, and a new version waits until its person takes it.
import { ref, shallowRef } from 'vue'
import { registerSW } from 'virtual:pwa-register'

/** A new version lies ready. */
export const renewable = ref(false)
/** The server serves newer apps only: nothing is sent until this one is renewed, and nothing is lost. */
export const tooOld = ref(false)
const HOUR = 3_600_000
/** The browser's offer to put the app on the home screen. */
interface Offer extends Event { prompt: () => Promise<unknown> }
export const offer = shallowRef<Offer | null>(null)
let renew: ((reload?: boolean) => Promise<void>) | undefined
let registered: ServiceWorkerRegistration | undefined
/** There is a newer one: it is fetched now and not within the hour. */
export const lookForNew = (): void => { void registered?.update().catch(() => undefined) }

window.addEventListener('beforeinstallprompt', (event) => { event.preventDefault(); offer.value = event as Offer })
export function lookAfter(): void {
  if (!('serviceWorker' in navigator)) return
  renew = registerSW({
    onNeedRefresh: () => { renewable.value = true },
    onRegisteredSW: (_, registration) => {
      registered = registration
      setInterval(() => { if (navigator.onLine) lookForNew() }, HOUR)
    },
  })
}
/** Takes the new version and opens it; drafts and the outbox are on the phone. */
export async function takeNew(): Promise<void> {
  if (renewable.value) await renew?.(true)
  // nobody else loads it anew when there is no newer one yet, or this page was there before its first worker
  if (!renewable.value || !navigator.serviceWorker.controller) window.location.reload()
}
