// What carries the outbox to the server: operations first, in their order, then the files they promised. It may be cut at any point and begun
// again; the server does each operation once, and a file goes on where it stopped.
import type { OperationIn } from '@wangge/shared/api/types.gen'
import { Failed } from '@wangge/shared/src/call'
import type { Sending } from '@wangge/shared/src/upload'
import type { MediaBox } from './media'
import type { Outbox } from './outbox'
import { type Answer, answered, asSent, nextTime, type Operation, type Patch, sendable, unanswered } from './queue'

/** The server, as the engine needs it. Throws Failed for what it refuses, anything else when it cannot be reached. */
export interface Door {
  /** How much its clock is ahead of the phone's (ms), measured now. */
  offset: () => Promise<number>
  batch: (operations: OperationIn[]) => Promise<Answer[]>
  send: (file: Sending, progress: (bytes: number) => void, signal?: AbortSignal) => Promise<void>
}
/** done: nothing is left that could be sent now; later: at `at` (ms) again; away: no server; out: nobody is logged in. */
export type Ended = { how: 'done' | 'away' | 'out' } | { how: 'later'; at: number }

const MINUTE = 60_000
/** Statuses that say nothing about what was sent. */
const PASSING = new Set([0, 408, 409, 423, 425, 429])
const passes = (error: unknown): boolean => !(error instanceof Failed) || PASSING.has(error.status) || error.status >= 500
const isOut = (error: unknown): boolean => error instanceof Failed && (error.status === 401 || (error.status === 403 && 'pending' in error.problem))

/** When it was captured, by the server's clock; never after now. */
export const capturedAt = (at: number, offset: number, now: number): string => new Date(Math.min(at, now - 1) + offset).toISOString()

/** A report says when it was captured; from then on it is sent as it is. */
function frozen(o: Operation, offset: number, now: number): Patch {
  return { id: o.id, frozen: true, ...(o.kind === 'report' ? { given: { ...o.given, reported_at: capturedAt(o.at, offset, now) } } : {}) }
}

export async function sync(box: Outbox, files: MediaBox, door: Door, now: () => number = Date.now, dice: () => number = Math.random): Promise<Ended> {
  for (;;) {
    const ended = await sendOperations(box, door, now, dice)
    if (ended.how === 'out' || ended.how === 'away') return ended
    const sent = await sendFile(box, files, door, now)
    if (sent !== 'one') return sent.how === 'done' ? ended : sent
  }
}

async function sendOperations(box: Outbox, door: Door, now: () => number, dice: () => number): Promise<Ended> {
  let most: number | undefined // one at a time after the server could not read a batch: one bad operation holds back no other
  for (;;) {
    const queue = await box.all()
    const batch = sendable(queue, now(), most)
    if (!batch.length) {
      const at = nextTime(queue)
      return at === null ? { how: 'done' } : { how: 'later', at }
    }
    try {
      const fresh = batch.filter((o) => !o.frozen)
      if (fresh.length) {
        const offset = await door.offset()
        await box.patch(fresh.map((o) => frozen(o, offset, now())))
      }
      const sent = (await box.all()).filter((o) => batch.some((b) => b.id === o.id))
      const answers = await door.batch(sent.map(asSent))
      await box.patch(answered(sent, answers, now(), dice()))
      if (!answers.length) return { how: 'away' } // an answer of nothing is none
    } catch (error) {
      if (isOut(error)) return { how: 'out' }
      if (passes(error)) {
        await box.patch(unanswered(batch, now(), dice()))
        return { how: 'away' }
      }
      const { title, detail, status } = (error as Failed).problem
      if (batch.length === 1) await box.patch(batch.map((o) => ({ id: o.id, standing: 'refused', frozen: false, problem: { title, detail, status } })))
      else most = 1
    }
  }
}

/** One file, so that what is captured meanwhile goes before the next. */
async function sendFile(box: Outbox, files: MediaBox, door: Door, now: () => number): Promise<Ended | 'one'> {
  const done = new Set((await box.all()).filter((o) => o.standing === 'sent').map((o) => o.id))
  let passing = false
  for (const file of await files.all()) {
    if (file.standing !== 'waiting' || !done.has(file.of)) continue
    try {
      await door.send(files.sending(file), (bytes) => void files.progress(file.id, bytes))
      await files.acknowledged(file.id)
      return 'one'
    } catch (error) {
      if (isOut(error)) return { how: 'out' }
      if ((error as Error).name === 'AbortError') return { how: 'later', at: now() } // something was captured: that first
      if (!(error instanceof Failed) || error.status === 0) return { how: 'away' }
      if (passes(error)) passing = true
      else await files.refused(file, error.problem.detail)
    }
  }
  return passing ? { how: 'later', at: now() + MINUTE } : { how: 'done' }
}
