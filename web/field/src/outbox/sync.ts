// What carries the outbox to the server: operations first, in their order, then the files they promised. It may be cut at any point and begun
// again; the server does each operation once, and a file goes on where it stopped.
import type { OperationIn } from '@wangge/shared/api/types.gen'
import { Failed } from '@wangge/shared/src/call'
import type { Sending } from '@wangge/shared/src/upload'
import type { Media, MediaBox } from './media'
import type { Outbox } from './outbox'
import { type Answer, answered, asSent, nextTime, type Operation, type Patch, sendable, unanswered } from './queue'

/** The server, as the engine needs it. Throws Failed for what it refuses, anything else when it cannot be reached. */
export interface Door {
  /** How much its clock is ahead of the phone's (ms), measured now. */
  offset: () => Promise<number>
  batch: (operations: OperationIn[]) => Promise<Answer[]>
  send: (file: Sending, progress: (bytes: number) => void, signal?: AbortSignal) => Promise<void>
}
/** done: nothing is left that could be sent now; later: at `at` (ms) again; away: no server; out: nobody is logged in; old: the server
 * serves a newer app only, which sends all of it as it is. */
export type Ended = { how: 'done' | 'away' | 'out' | 'old' } | { how: 'later'; at: number }

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Two lines keep the network busy while the server makes one of them safe. */
const AT_ONCE = 2
/** Statuses that say nothing about what was sent. */
const PASSING = new Set([0, 408, 409, 423, 425, 429])
const passes = (error: unknown): boolean => !(error instanceof Failed) || PASSING.has(error.status) || error.status >= 500
/** How long a server that is too busy asks to be left alone (ms), an hour at the most. */
const restOf = (error: unknown): number => Math.min(HOUR, 1000 * (Number(error instanceof Failed && error.problem.retry_after) || 0))
const OLD = 426
const isOld = (error: unknown): boolean => error instanceof Failed && error.status === OLD
const isOut = (error: unknown): boolean => error instanceof Failed && (error.status === 401 || (error.status === 403 && 'pending' in error.problem))

/** From its first sending on it is sent as it is, with how far off the clock was that captured it. */
const frozen = (o: Operation, offset: number): Patch => ({ id: o.id, frozen: true, ahead: o.ahead ?? -offset })

export async function sync(box: Outbox, files: MediaBox, door: Door, now: () => number = Date.now, dice: () => number = Math.random): Promise<Ended> {
  for (;;) {
    const ended = await sendOperations(box, door, now, dice)
    if (ended.how !== 'done' && ended.how !== 'later') return ended
    const sent = await sendFiles(box, files, door, now)
    if (sent !== 'some') return sent.how === 'done' ? ended : sent
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
      const offset = batch.every((o) => o.frozen) ? 0 : await door.offset()
      const sent = await box.patch(batch.map((o) => (o.frozen ? { id: o.id } : frozen(o, offset))))
      if (!sent.length) continue // dropped meanwhile
      const answers = await door.batch(sent.map(asSent))
      await box.patch(answered(sent, answers, now(), dice()))
      if (!answers.length) return { how: 'away' } // an answer of nothing is none
    } catch (error) {
      if (isOut(error)) return { how: 'out' }
      if (isOld(error)) return { how: 'old' }
      if (passes(error)) {
        await box.patch(unanswered(batch, now(), dice(), restOf(error)))
        return { how: 'away' }
      }
      const { title, detail, status } = (error as Failed).problem
      if (batch.length === 1) await box.patch(batch.map((o) => ({ id: o.id, standing: 'refused', frozen: false, problem: { title, detail, status } })))
      else most = 1
    }
  }
}

/** A few files, so that what is captured meanwhile goes before the next. */
async function sendFiles(box: Outbox, files: MediaBox, door: Door, now: () => number): Promise<Ended | 'some'> {
  const done = new Set((await box.all()).filter((o) => o.standing === 'sent').map((o) => o.id))
  const waiting = (await files.all()).filter((f) => f.standing === 'waiting' && done.has(f.of))
  let passing = false
  for (let i = 0; i < waiting.length; i += AT_ONCE) {
    const ends = await Promise.all(waiting.slice(i, i + AT_ONCE).map((file) => sendFile(file, files, door, now)))
    const ended = ends.find((e) => typeof e === 'object')
    if (ended) return ended
    if (ends.includes('sent')) return 'some'
    passing ||= ends.includes('passing')
  }
  return passing ? { how: 'later', at: now() + MINUTE } : { how: 'done' }
}
async function sendFile(file: Media, files: MediaBox, door: Door, now: () => number): Promise<Ended | 'sent' | 'refused' | 'passing'> {
  try {
    await door.send(files.sending(file), (bytes) => void files.progress(file.id, bytes))
    await files.acknowledged(file.id)
    return 'sent'
  } catch (error) {
    if (isOut(error)) return { how: 'out' }
    if ((error as Error).name === 'AbortError') return { how: 'later', at: now() } // something was captured: that first
    if (!(error instanceof Failed) || error.status === 0) return { how: 'away' }
    if (passes(error)) return 'passing'
    await files.refused(file, error.problem.detail)
    return 'refused'
  }
}
