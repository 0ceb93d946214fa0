// What this phone holds of one person's work. Plain are only keys, states and sizes; the rest is sealed.
import Dexie, { type EntityTable, type Table } from 'dexie'
import type { Standing } from '../outbox/queue'
import type { Sealed } from './seal'

/** One entry of the outbox; `seq` is the order in which they were captured. */
export interface OperationRow { seq?: number; id: string; case: string; standing: Standing; sealed: Sealed }
export type MediaStanding = 'draft' | 'waiting' | 'sent' | 'refused'
/** A file: `of` is the draft or the operation it belongs to; `sent` of its `size` bytes are on the server. */
export interface MediaRow { id: string; of: string; standing: MediaStanding; size: number; sent: number; sealed: Sealed }
/** A part of the file that is sent, or of the one that was taken (`which`: 'sent' or 'taken'), sealed by itself. */
export interface PartRow { media: string; n: number; sealed: Sealed }
/** Answers of the server for the time without it, drafts, settings: one sealed value each. */
export interface KeptRow { key: string; at: number; sealed: Sealed }

export class Store extends Dexie {
  operations!: EntityTable<OperationRow, 'seq'>
  media!: Table<MediaRow, string>
  parts!: Table<PartRow, [string, number]>
  kept!: Table<KeptRow, string>

  constructor(user: string) {
    super(nameFor(user))
    this.version(1).stores({ operations: '++seq, &id, case, standing', media: 'id, of, standing', parts: '[media+n], media', kept: 'key' })
  }
}

export const nameFor = (user: string): string => `wangge-field-${user}`

/** How many operations are not on the server. Needs no key: it is told on the lock screen too. */
export const unsentIn = (store: Store): Promise<number> => store.operations.where('standing').notEqual('sent').count()
/** How many files are not on the server; those of a draft do not count. */
export const filesUnsentIn = (store: Store): Promise<number> => store.media.where('standing').anyOf('waiting', 'refused').count()
