// Whatever is cut, repeated, lost, edited or killed: each operation is done at most once, in the order of its case, and in the end each is done
// or told to its person.
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OperationIn, StateOut } from '@wangge/shared/api/types.gen'
import { Failed } from '@wangge/shared/src/call'
import { randomBytes, sealingKey } from '../src/kept/seal'
import { Store } from '../src/kept/store'
import { MediaBox } from '../src/outbox/media'
import { Outbox } from '../src/outbox/outbox'
import { type Answer, asSent, backOff, basis, type Operation, sendable, withoutIt } from '../src/outbox/queue'
import { type Door, sync } from '../src/outbox/sync'

const one = (seq: number, caseId: string, more: Partial<Operation> = {}): Operation => ({
  seq, id: `o${seq}`, case: caseId, kind: 'progress', title: '', given: {}, version: 1, after: null, at: seq, where: null, ahead: null, frozen: false,
  standing: 'waiting', tries: 0, next: 0, state: null, problem: null, ...more,
})
const state = (id: string, version: number) => ({ id, version, status: 'handling', number: '' }) as StateOut

describe('what is sent', () => {
  it('keeps the order of a case and lets others pass', () => {
    const queue = [one(1, 'a', { standing: 'refused' }), one(2, 'b'), one(3, 'a'), one(4, 'c', { next: 50 }), one(5, 'c'), one(6, 'b')]
    expect(sendable(queue, 10).map((o) => o.id)).toEqual(['o2', 'o6'])
    expect(sendable(queue, 60).map((o) => o.id)).toEqual(['o2', 'o4', 'o5', 'o6'])
    expect(sendable(queue, 60, 1).map((o) => o.id)).toEqual(['o2'])
  })
  it('builds on what the person had not seen the outcome of', () => {
    expect(basis([], 'a', 3)).toEqual({ version: 3, after: null })
    expect(basis([one(1, 'a')], 'a', 3)).toEqual({ version: null, after: 'o1' })
    expect(basis([one(1, 'a', { standing: 'sent', state: state('a', 4) })], 'a', 3)).toEqual({ version: null, after: 'o1' })
    expect(basis([one(1, 'a', { standing: 'sent', state: state('a', 4) })], 'a', 4)).toEqual({ version: 4, after: null })
  })
  it('drops a report with everything on its case, and an act alone', () => {
    const queue = [one(1, 'a', { kind: 'report' }), one(2, 'a', { after: 'o1' }), one(3, 'b', { version: 7 }), one(4, 'b', { version: null, after: 'o3' })]
    expect(withoutIt(queue, 'o1').gone).toEqual(['o1', 'o2'])
    expect(withoutIt(queue, 'o3')).toEqual({ gone: ['o3'], changed: [{ id: 'o4', version: 7, after: null }] })
  })
  it('waits longer each time, never for ever', () => {
    expect(backOff(0, 1)).toBe(2000)
    expect(backOff(3, 1)).toBe(16_000)
    expect(backOff(99, 1)).toBe(300_000)
    expect(backOff(99, 0)).toBe(150_000)
  })
  it('waits as long as a server asks that has too much to do', async () => {
    const box = new Outbox(new Store('busy'), await sealingKey(randomBytes(32)))
    await box.capture([{ id: 'o1', case: 'a', kind: 'report', title: '', given: { id: 'a' }, version: null, at: 1 }])
    const busy = async (): Promise<never> => { throw new Failed({ type: '', title: '', status: 503, detail: '当前访问量过大', retry_after: 40 }) }
    const ended = await sync(box, { all: async () => [] } as unknown as MediaBox, { offset: async () => 0, batch: busy, send: busy }, () => 1000, () => 0.5)
    expect([ended.how, (await box.all()).map((o) => [o.standing, o.next])]).toEqual(['away', [['waiting', 41_000]]])
  })
  it('says when and where it was captured, and how far off the clock was', () => {
    const at = Date.parse('2026-11-20T12:00:00Z')
    expect(asSent(one(1, 'a', { at, ahead: 10_800_400, where: { lon: 114.05, lat: 22.52, accuracy: 8 } })).captured)
      .toEqual({ at: '2026-11-20T12:00:00.000Z', ahead_s: 10_800, point: { lon: 114.05, lat: 22.52 }, accuracy_m: 8 })
    expect(asSent(one(1, 'a', { at })).captured).toBeUndefined()
  })
})

/** The server by its rules (docs/lifecycle.md, A phone's queue): each id once; an act needs the version, or what it builds on. */
class Server {
  done = new Map<string, { sent: string; state: StateOut }>()
  versions = new Map<string, number>()
  log: { id: string; case: string; given: string }[] = []

  batch(operations: OperationIn[]): Answer[] {
    const answers: Answer[] = []
    for (const o of operations) answers.push(this.one(o, answers))
    return answers
  }
  one(o: OperationIn, answers: Answer[]): Answer {
    const answer = (outcome: Answer['outcome'], of: StateOut | null): Answer => ({ id: o.id, outcome, state: of, problem: outcome === 'applied' || outcome === 'duplicate' ? null : { title: outcome, detail: outcome, status: 409 } })
    const sent = JSON.stringify(o)
    const known = this.done.get(o.id)
    if (known) return known.sent === sent ? answer('duplicate', known.state) : answer('rejected', null)
    let id = (o.kind === 'report' ? (o.given as { id: string }).id : o.case) ?? ''
    let version = o.version
    if (o.kind === 'report') {
      if (this.versions.has(id) || (o.given as { bad?: boolean }).bad) return answer('rejected', null)
    } else {
      if (o.after) {
        const before = answers.find((a) => a.id === o.after)?.state ?? this.done.get(o.after)?.state
        if (!before) return answer('rejected', null)
        ;[id, version] = [before.id, before.version]
      }
      if (!this.versions.has(id) || (o.given as { bad?: boolean } | undefined)?.bad) return answer('rejected', null)
      if (version !== this.versions.get(id)) return answer('conflict', state(id, this.versions.get(id) ?? 0))
    }
    this.versions.set(id, (this.versions.get(id) ?? 0) + 1)
    const made = state(id, this.versions.get(id) ?? 0)
    this.done.set(o.id, { sent, state: made })
    this.log.push({ id: o.id, case: id, given: JSON.stringify(o.given) })
    return answer('applied', made)
  }
  /** Somebody else's act. */
  touch(id: string): void {
    if (!this.versions.has(id)) return
    this.versions.set(id, (this.versions.get(id) ?? 0) + 1)
    this.log.push({ id: 'other', case: id, given: '{}' })
  }
}
/** What a case was after each operation, from the log alone. */
function replayed(log: Server['log']): Map<string, StateOut> {
  const versions = new Map<string, number>()
  const states = new Map<string, StateOut>()
  for (const entry of log) {
    const version = (versions.get(entry.case) ?? 0) + 1
    versions.set(entry.case, version)
    states.set(entry.id, state(entry.case, version))
  }
  return states
}

type Step =
  | { do: 'report'; bad: boolean } | { do: 'act'; on: number; bad: boolean } | { do: 'other'; on: number }
  | { do: 'sync'; cut: 'no' | 'before' | 'after' | 'half' | 'refused whole' | 'defect'; part: number } | { do: 'drop'; which: number } | { do: 'edit'; which: number } | { do: 'retry' } | { do: 'kill' }
const nat = fc.nat(20)
const steps = fc.array(fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ do: fc.constant('report' as const), bad: fc.boolean() }),
  fc.record({ do: fc.constant('act' as const), on: nat, bad: fc.boolean() }),
  fc.record({ do: fc.constant('other' as const), on: nat }),
  fc.record({ do: fc.constant('sync' as const), cut: fc.constantFrom('no', 'before', 'after', 'half', 'refused whole', 'defect' as const), part: nat }) as fc.Arbitrary<Step>,
  fc.record({ do: fc.constant('drop' as const), which: nat }),
  fc.record({ do: fc.constant('edit' as const), which: nat }),
  fc.constant({ do: 'retry' as const }),
  fc.constant({ do: 'kill' as const }),
), { maxLength: 20 })

let run = 0
async function play(given: Step[]): Promise<void> {
  const name = `test-${++run}`
  const key = await sealingKey(randomBytes(32))
  const server = new Server()
  let store = new Store(name)
  let box = new Outbox(store, key)
  let now = 1_000_000
  const cases: string[] = []
  const captured: string[] = []
  const dropped = new Set<string>()
  const carry = (cut: string, part: number) => {
    const door: Door = {
      offset: async () => 0,
      send: async () => undefined,
      batch: async (operations) => {
        if (cut === 'before') throw new TypeError('no network')
        if (cut === 'refused whole') throw new Failed({ type: '', title: 'busy', status: 503, detail: 'busy' })
        if (cut === 'defect') return operations.map((o) => ({ id: o.id, outcome: 'failed', state: null, problem: null }))
        const answers = server.batch(operations) // the server did it …
        if (cut === 'after') throw new TypeError('the answer was lost') // … and the phone does not know
        return cut === 'half' ? answers.slice(0, part % (answers.length + 1)).reverse() : answers
      },
    }
    return sync(box, new MediaBox(store, key), door, () => now, () => 0.5)
  }
  const capture = async (caseId: string, kind: string, version: number | null, more: object) => {
    const id = `op-${captured.length}`
    captured.push(id)
    await box.capture([{ id, case: caseId, kind, title: '', given: { id: caseId, ...more }, version, at: now }])
  }
  for (const step of given) {
    now += 1000
    const on = 'on' in step ? cases[step.on % (cases.length || 1)] : undefined
    if (step.do === 'report') { const id = `case-${cases.length}`; cases.push(id); await capture(id, 'report', null, step.bad ? { bad: true } : {}) }
    if (step.do === 'act' && on) await capture(on, 'progress', server.versions.get(on) ?? null, step.bad ? { bad: true } : {})
    if (step.do === 'other' && on) server.touch(on)
    if (step.do === 'sync') await carry(step.cut, step.part)
    if (step.do === 'drop') {
      const all = await box.all()
      const it = all[step.which % (all.length || 1)]
      if (it && it.standing !== 'sent' && (await box.drop(it.id))) {
        const left = new Set((await box.all()).map((o) => o.id))
        for (const o of all) if (!left.has(o.id)) dropped.add(o.id)
      }
    }
    if (step.do === 'edit') {
      const all = await box.all()
      const it = all[step.which % (all.length || 1)]
      if (it) expect(await box.edit(it.id, { ...it.given, bad: false, edited: now })).toBe(it.standing !== 'sent' && !(it.standing === 'waiting' && it.frozen))
    }
    if (step.do === 'retry') for (const o of await box.all()) if (o.standing === 'refused' || o.standing === 'conflict') await box.retry(o.id)
    if (step.do === 'kill') { store.close(); store = new Store(name); box = new Outbox(store, key) }
  }
  for (let i = 0; i < 30; i++) {
    now += 600_000
    if ((await carry('no', 0)).how === 'done') break
  }

  const all = await box.all()
  const log = server.log.map((l) => l.id).filter((id) => id !== 'other')
  expect(new Set(log).size).toBe(log.length) // at most once
  for (const o of all) expect(o.standing).not.toBe(undefined)
  for (const id of captured) { // nothing is lost in silence
    const here = all.find((o) => o.id === id)
    if (!dropped.has(id)) expect(here, id).toBeDefined()
    if (here?.standing === 'sent') expect(server.done.has(id)).toBe(true)
    else expect(server.done.has(id) && !dropped.has(id)).toBe(false) // nor done without its person being told
    if (dropped.has(id)) expect(log).not.toContain(id) // what was dropped was never done
  }
  for (const o of all) if (o.standing === 'waiting') expect(all.some((b) => b.case === o.case && b.seq < o.seq && b.standing !== 'sent' && b.standing !== 'waiting')).toBe(true)
  for (const id of cases) { // in order
    const of = server.log.filter((l) => l.case === id && l.id !== 'other').map((l) => captured.indexOf(l.id))
    expect(of).toEqual([...of].sort((a, b) => a - b))
  }
  // the server's log, replayed, is the phone's view: what was done, with what the person last wrote, and what each case was after it
  const then = replayed(server.log)
  const sent = all.filter((o) => o.standing === 'sent')
  expect(sent.map((o) => o.id).sort()).toEqual([...log].sort())
  for (const o of sent) {
    expect(o.state).toEqual(then.get(o.id))
    expect(JSON.stringify(o.given)).toBe(server.log.find((l) => l.id === o.id)?.given)
  }
  store.close()
}

describe('the outbox and the server', () => {
  it('agree whatever happens in between', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 40 })
  })
})

describe('files', () => {
  async function phone() {
    const [store, key] = [new Store(`files-${++run}`), await sealingKey(randomBytes(32))]
    const [box, files] = [new Outbox(store, key), new MediaBox(store, key)]
    const file = await files.add(new Blob(['a photo'], { type: 'image/jpeg' }), { of: 'draft:report', role: 'report', thumb: '' })
    await box.capture([{ id: 'o1', case: 'c1', kind: 'report', title: '', given: { id: 'c1' }, version: null, at: 1 }], { draft: 'draft:report' })
    const server = new Server()
    const heard: string[] = []
    const door = (send: Door['send']): Door => ({ offset: async () => 0, batch: async (o) => { heard.push('batch'); return server.batch(o) }, send: async (f, p) => { heard.push(`file ${f.begun ? 'on' : 'anew'}`); await send(f, p) } })
    return { store, box, files, file, heard, carry: (send: Door['send']) => sync(box, files, door(send), () => 1000, () => 0.5) }
  }
  it('wait, as their report does, for a newer app when the server serves this one no more', async () => {
    const { box, files } = await phone()
    const old = async () => { throw new Failed({ type: '', title: '', status: 426, detail: '请更新' }) }
    const before = (await box.all()).map(asSent)
    expect((await sync(box, files, { offset: async () => 0, batch: old, send: old }, () => 1000, () => 0.5)).how).toBe('old')
    const [kept] = await box.all()
    expect([kept?.standing, kept?.tries, kept?.next]).toEqual(['waiting', 0, 0])
    expect((await box.all()).map((o) => asSent({ ...o, ahead: null }))).toEqual(before)
    expect(await standing(files)).toEqual(['waiting'])
  })
  const standing = async (files: MediaBox) => (await files.all()).map((f) => f.standing)

  it('follow their report, and their bytes go when the server has them', async () => {
    const { store, files, heard, carry } = await phone()
    let sent = ''
    expect((await carry(async (f) => { sent = new TextDecoder().decode(await f.part(0) as ArrayBuffer) })).how).toBe('done')
    expect([heard[0], heard.length, sent]).toEqual(['batch', 2, 'a photo'])
    expect(await standing(files)).toEqual(['sent'])
    expect(await store.parts.count()).toBe(0)
  })
  it('wait for the network, give way to what is captured, and are told when they are refused', async () => {
    const { store, files, carry } = await phone()
    expect((await carry(async () => { throw new TypeError('cut') })).how).toBe('away')
    expect((await carry(async () => { throw new DOMException('', 'AbortError') })).how).toBe('later')
    expect((await carry(async () => { throw new Failed({ type: '', title: '', status: 423, detail: 'locked' }) })).how).toBe('later')
    expect(await standing(files)).toEqual(['waiting'])
    expect((await carry(async () => { throw new Failed({ type: '', title: '', status: 422, detail: '类型不符' }) })).how).toBe('done')
    expect((await files.all()).map((f) => [f.standing, f.problem])).toEqual([['refused', '类型不符']])
    expect(await store.parts.count()).toBe(1) // its person may send it again, or take it to another phone
  })
})
