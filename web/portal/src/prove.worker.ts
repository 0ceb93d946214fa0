// Finds the number: SHA-256 of “<challenge>:<n>” begins with so many zero bits. By the browser's own digest, many at once, beside the page.
import { zeroBits } from './zeros'

const AT_ONCE = 512
const text = new TextEncoder()

self.onmessage = async ({ data }: MessageEvent<{ challenge: string; bits: number }>) => {
  for (let from = 0; ; from += AT_ONCE) {
    const digests = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => crypto.subtle.digest('SHA-256', text.encode(`${data.challenge}:${from + i}`))))
    const found = digests.findIndex((d) => zeroBits(new Uint8Array(d)) >= data.bits)
    if (found >= 0) { self.postMessage(`${data.challenge}:${from + found}`); return }
  }
}
