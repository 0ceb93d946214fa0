/* global self */
// Background Sync: the browser has a network again. The key is in the page alone, so an open page is woken to carry its outbox; without one the
// browser tries later, and the next opening carries it (docs/decisions/0015).
self.addEventListener('sync', (event) => {
  if (event.tag !== 'carry') return
  event.waitUntil(self.clients.matchAll({ type: 'window' }).then((pages) => {
    if (!pages.length) throw new Error('no page is open')
    for (const page of pages) page.postMessage({ kind: 'carry' })
  }))
})
