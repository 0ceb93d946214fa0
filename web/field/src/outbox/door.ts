// The server as the engine of the outbox needs it.
import { casesBatch } from '@wangge/shared/api/sdk.gen'
import { got } from '@wangge/shared/src/call'
import { send } from '@wangge/shared/src/upload'
import { lookForNew } from '../shell/worker'
import type { Door } from './sync'

/** Counted up with each change of what is sent or expected: the server serves this version and the one before it (batch_api.py). */
export const CLIENT = 1
const STALE = 3_600_000
let known: { offset: number; at: number; steady: number } | null = null

/** How much the server's clock is ahead of the phone's (ms), at the most a second too little. Asked for anew after an hour, and when the
 * phone's clock was set: then it has gone another way than the one that nobody can set. */
export async function offset(): Promise<number> {
  const [now, steady] = [Date.now(), performance.now()]
  if (known && now - known.at < STALE && Math.abs(now - known.at - (steady - known.steady)) < 1000) return known.offset
  const answer = await fetch('/healthz', { method: 'HEAD', cache: 'no-store' })
  const told = Date.parse(answer.headers.get('Date') ?? '')
  if (Number.isNaN(told)) return 0
  known = { offset: told - Date.now(), at: Date.now(), steady: performance.now() }
  return known.offset
}

export const door: Door = {
  offset,
  batch: async (operations) => {
    const { client, answers } = await got(casesBatch({ body: { client: CLIENT, operations } }))
    if (client > CLIENT) lookForNew()
    return answers
  },
  send,
}
