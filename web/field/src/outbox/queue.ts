// The queue as data: what may be sent now, and what an answer makes of it. Pure, so that every order of cuts, repeats and edits can be tried.
import type { BatchOut, OperationIn, StateOut } from '@wangge/shared/api/types.gen'

/** waiting: to be sent (or sent without an answer so far); sent: done on the server; refused: not done, the problem says why; conflict:
 * somebody else was first. Only the person takes something out of refused and conflict. */
export type Standing = 'waiting' | 'sent' | 'refused' | 'conflict'
export interface Told { title: string; detail: string; status: number }

export interface Operation {
  seq: number
  id: string
  case: string
  kind: string
  /** What the list calls it: the case's title. */
  title: string
  given: { [name: string]: unknown }
  /** The version of the case that was looked at, or the operation it builds on. */
  version: number | null
  after: string | null
  /** When it was captured, by the phone's own clock (ms); where the phone was, when it knew. */
  at: number
  where: Where | null
  /** How much that clock was ahead of the server's (ms); null: not asked yet. */
  ahead: number | null
  /** It was on its way to the server: what is sent again must be the very same. */
  frozen: boolean
  standing: Standing
  tries: number
  /** Not before this moment (ms). */
  next: number
  state: StateOut | null
  problem: Told | null
}
/** A position of the phone, WGS 84; `accuracy` in metres. */
export interface Where { lon: number; lat: number; accuracy: number | null }
export type Answer = BatchOut['answers'][number]
export type Patch = { id: string } & Partial<Omit<Operation, 'seq' | 'id'>>

export const MOST = 100
const FIRST_WAIT = 2_000
const LONGEST_WAIT = 5 * 60_000

/** How long to wait after so many failures: doubled each time, spread so that a street's phones do not all come back at once. */
export const backOff = (tries: number, dice: number): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 12)) * (0.5 + dice / 2)

/** What is sent now, in order. A case whose earlier operation waits for its person or its time holds back what follows, and nothing else. */
export function sendable(queue: readonly Operation[], now: number, most = MOST): Operation[] {
  const held = new Set<string>()
  const found: Operation[] = []
  for (const operation of queue) {
    if (operation.standing === 'sent') continue
    if (held.has(operation.case) || operation.standing !== 'waiting' || operation.next > now) held.add(operation.case)
    else if (found.length < most) found.push(operation)
    else break
  }
  return found
}

/** When there is something to send next: a moment (ms), or null. */
export function nextTime(queue: readonly Operation[]): number | null {
  const held = new Set<string>()
  const times = queue.flatMap((o) => {
    if (o.standing === 'sent' || held.has(o.case)) return []
    held.add(o.case)
    return o.standing === 'waiting' ? [o.next] : []
  })
  return times.length ? Math.min(...times) : null
}

export const asSent = (o: Operation): OperationIn => ({
  id: o.id, kind: o.kind as OperationIn['kind'], given: o.given,
  ...(o.kind === 'report' ? {} : o.after ? { after: o.after } : { case: o.case, version: o.version }),
  ...(o.ahead == null ? {} : { captured: { at: new Date(o.at).toISOString(), ahead_s: Math.round(o.ahead / 1000), ...placeOf(o.where) } }),
})
const placeOf = (where: Where | null) => (where ? { point: { lon: where.lon, lat: where.lat }, accuracy_m: where.accuracy } : {})

/** What the answers change. An operation without an answer stays as it is and is sent again. */
export function answered(sent: readonly Operation[], answers: readonly Answer[], now: number, dice: number): Patch[] {
  const by = new Map(answers.map((a) => [a.id, a]))
  return sent.flatMap((o): Patch[] => {
    const a = by.get(o.id)
    if (!a) return []
    switch (a.outcome) {
      case 'applied':
      case 'duplicate':
        return [{ id: o.id, standing: 'sent', state: a.state, problem: null }]
      case 'failed': // a defect of the server's, and not done: again, later
        return [{ id: o.id, frozen: false, tries: o.tries + 1, next: now + backOff(o.tries, dice), problem: toldOf(a) }]
      default:
        // it was not done, so what is sent next may be another
        return [{ id: o.id, standing: a.outcome === 'conflict' ? 'conflict' : 'refused', state: a.state, problem: toldOf(a), frozen: false }]
    }
  })
}

function toldOf(answer: Answer): Told | null {
  const p = answer.problem as { title?: string; detail?: string; status?: number; errors?: { message: string }[] } | null
  return p && { title: p.title ?? '', detail: [p.detail, ...(p.errors ?? []).map((e) => e.message)].filter(Boolean).join(' '), status: p.status ?? 0 }
}

/** No answer came: all of them again, later, and not before `rest` (ms) is over, which the server asked for. */
export const unanswered = (sent: readonly Operation[], now: number, dice: number, rest = 0): Patch[] =>
  sent.map((o) => ({ id: o.id, tries: o.tries + 1, next: now + Math.max(rest, backOff(o.tries, dice)) }))

/** What a new operation on a case builds on: an earlier one whose outcome the version that was looked at does not hold, else that version. */
export function basis(queue: readonly Operation[], caseId: string, version: number | null): Pick<Operation, 'version' | 'after'> {
  const last = queue.filter((o) => o.case === caseId && (o.standing !== 'sent' || version === null || (o.state?.version ?? 0) > version)).at(-1)
  return last ? { version: null, after: last.id } : { version, after: null }
}

/** Once more: a refused one as it is, a conflict on what the case has become. */
export function again(o: Operation): Patch {
  const onto = o.standing === 'conflict' && o.state ? { version: o.state.version, after: null } : {}
  return { id: o.id, standing: 'waiting', next: 0, tries: 0, problem: null, ...onto }
}

/** It was sent and not answered: it may be done already, so it is neither changed nor dropped until it is known. */
export const isUnderWay = (o: Operation): boolean => o.standing === 'waiting' && o.frozen

/** What is dropped with an operation: itself, and when it is a report everything on its case. Those that built on it build on what it built on. */
export function withoutIt(queue: readonly Operation[], id: string): { gone: string[]; changed: Patch[] } {
  const it = queue.find((o) => o.id === id)
  if (!it) return { gone: [], changed: [] }
  if (it.kind === 'report') return { gone: queue.filter((o) => o.case === it.case).map((o) => o.id), changed: [] }
  const onto = it.standing === 'conflict' && it.state ? { version: it.state.version, after: null } : { version: it.version, after: it.after }
  return { gone: [id], changed: queue.filter((o) => o.after === id).map((o) => ({ id: o.id, ...onto })) }
}
