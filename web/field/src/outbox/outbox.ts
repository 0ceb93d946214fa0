// The outbox on the phone: append-only but for what its person drops. Each change is one transaction, and one at a time over all tabs.
import { alone } from '../kept/alone'
import { open, seal } from '../kept/seal'
import type { KeptRow, OperationRow, Store } from '../kept/store'
import { again, basis, isUnderWay, withoutIt, type Operation, type Patch, type Where } from './queue'

type Body = Omit<Operation, 'seq' | 'id' | 'case' | 'standing'>
export interface Captured { id: string; case: string; kind: string; title: string; given: Operation['given']; version: number | null; at: number; where?: Where | null }
const place = (id: string) => `operations/${id}`

export class Outbox {
  constructor(readonly store: Store, private readonly key: CryptoKey) {}

  private async row(operation: Omit<Operation, 'seq'> & { seq?: number | undefined }): Promise<OperationRow> {
    const { seq, id, case: caseId, standing, ...body } = operation
    return { ...(seq === undefined ? {} : { seq }), id, case: caseId, standing, sealed: await seal(this.key, body satisfies Body, place(id)) }
  }
  private async read(row: OperationRow): Promise<Operation> {
    const body = await open<Body>(this.key, row.sealed, place(row.id))
    return { seq: row.seq ?? 0, id: row.id, case: row.case, standing: row.standing, ...body }
  }
  private alone<T>(act: () => Promise<T>): Promise<T> { return alone(`${this.store.name} outbox`, act) }

  /** Everything in the order of capture. */
  async all(): Promise<Operation[]> {
    return Promise.all((await this.store.operations.orderBy('seq').toArray()).map((row) => this.read(row)))
  }
  async ofCase(caseId: string): Promise<Operation[]> {
    return Promise.all((await this.store.operations.where('case').equals(caseId).sortBy('seq')).map((row) => this.read(row)))
  }

  /** Writes operations down, each building on those before it: they, their files (no draft's any more), what is kept of the case, and the
   * draft's end, all or nothing. The files of the draft become the first one's. */
  capture(captured: readonly Captured[], { draft, view }: { draft?: string; view?: KeptRow } = {}): Promise<void> {
    return this.alone(async () => {
      const queue = await this.all()
      const made = captured.map((c): Operation => {
        const { version, ...rest } = c
        const o: Operation = {
          ...rest, seq: (queue.at(-1)?.seq ?? 0) + 1, ...(c.kind === 'report' ? { version: null, after: null } : basis(queue, c.case, version)),
          where: c.where ?? null, ahead: null, frozen: false, standing: 'waiting', tries: 0, next: 0, state: null, problem: null,
        }
        queue.push(o)
        return o
      })
      const rows = await Promise.all(made.map((o) => this.row({ ...o, seq: undefined })))
      const { operations, media, kept } = this.store
      await this.store.transaction('rw', operations, media, kept, async () => {
        await operations.bulkAdd(rows)
        if (draft) {
          await media.where('of').equals(draft).modify({ of: captured[0]?.id ?? '', standing: 'waiting' })
          await kept.delete(draft)
        }
        if (view) await kept.put(view)
      })
    })
  }

  /** From another phone's file, in its order; what is here already stays as it is. How many were new. */
  takeIn(operations: readonly Operation[]): Promise<number> {
    return this.alone(async () => {
      const known = new Set((await this.all()).map((o) => o.id))
      const rows = await Promise.all(operations.filter((o) => !known.has(o.id)).map((o) => this.row({ ...o, seq: undefined })))
      await this.store.operations.bulkAdd(rows)
      return rows.length
    })
  }

  /** Rows as these patches make them; what is not there any more stays away. */
  private patched(queue: readonly Operation[], patches: readonly Patch[]): Operation[] {
    const known = new Map(queue.map((o) => [o.id, o]))
    return patches.flatMap((p) => { const o = known.get(p.id); return o ? [{ ...o, ...p }] : [] })
  }
  /** Changes operations by what they are now, all or none; answers them as they are then. */
  private change(patches: (queue: readonly Operation[]) => readonly Patch[]): Promise<Operation[]> {
    return this.alone(async () => {
      const queue = await this.all()
      const changed = this.patched(queue, patches(queue))
      const rows = await Promise.all(changed.map((o) => this.row(o)))
      await this.store.transaction('rw', this.store.operations, () => this.store.operations.bulkPut(rows))
      return changed
    })
  }
  patch(patches: readonly Patch[]): Promise<Operation[]> { return this.change(() => patches) }
  retry(id: string): Promise<Operation[]> { return this.change((queue) => queue.filter((o) => o.id === id).map(again)) }
  /** There is a network again: nobody waits for their time. */
  wake(): Promise<Operation[]> { return this.change((queue) => queue.filter((o) => o.standing === 'waiting' && o.next).map((o) => ({ id: o.id, next: 0 }))) }
  /** Other inputs for what was not done. False: it is on its way. */
  async edit(id: string, given: Operation['given']): Promise<boolean> {
    let may = false
    await this.change((queue) => queue.filter((o) => o.id === id).flatMap((o) => {
      may = !isUnderWay(o) && o.standing !== 'sent'
      return may ? [{ ...again(o), given }] : []
    }))
    return may
  }

  /** Drops an operation with its files; the person was asked. False: it is on its way, and perhaps done already. */
  drop(id: string): Promise<boolean> {
    return this.alone(async () => {
      const queue = await this.all()
      const { gone, changed } = withoutIt(queue, id)
      if (queue.some((o) => gone.includes(o.id) && isUnderWay(o))) return false
      const rows = await Promise.all(this.patched(queue, changed).map((o) => this.row(o)))
      const { operations, media, parts } = this.store
      await this.store.transaction('rw', operations, media, parts, async () => {
        const files = await media.where('of').anyOf(gone).primaryKeys()
        await parts.where('media').anyOf(files).delete()
        await media.bulkDelete(files)
        await operations.where('id').anyOf(gone).delete()
        await operations.bulkPut(rows)
      })
      return true
    })
  }

  /** Forgets what was captured before `until` (ms), is on the server and has no file left to send: the list is of today's work. */
  tidy(until: number): Promise<void> {
    return this.alone(async () => {
      const done = (await this.all()).filter((o) => o.standing === 'sent' && o.at < until).map((o) => o.id)
      const { operations, media } = this.store
      await this.store.transaction('rw', operations, media, async () => {
        const busy = new Set((await media.where('of').anyOf(done).toArray()).filter((m) => m.standing !== 'sent').map((m) => m.of))
        const ended = done.filter((id) => !busy.has(id))
        await media.where('of').anyOf(ended).delete()
        await operations.where('id').anyOf(ended).delete()
      })
    })
  }
}
