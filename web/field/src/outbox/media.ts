// Files of the outbox: sealed in parts as they come from the camera, sent after the operation that promised their hashes, kept until the
// server has them whole.
import type { EvidenceIn } from '@wangge/shared/api/types.gen'
import { uuid7 } from '@wangge/shared/src/ids'
import { type FileKind, PART, type Sending, kindOf } from '@wangge/shared/src/upload'
import { open, openBytes, seal, sealBytes, sha256 } from '../kept/seal'
import type { MediaRow, Store } from '../kept/store'

/** `thumb`: a small picture as a data: address. `role`: what it shows, as evidence. `seconds`: of a recording. `problem`: why the server would not have it. */
export interface About { name: string; kind: FileKind; type: string; sha256: string; role: string; thumb: string; seconds?: number; problem?: string }
export interface Media extends About { id: string; of: string; standing: MediaRow['standing']; size: number; sent: number }
const place = (id: string) => `media/${id}`
const partPlace = (id: string, n: number) => `parts/${id}/${n}`

export class MediaBox {
  constructor(readonly store: Store, private readonly key: CryptoKey) {}

  private async read(row: MediaRow): Promise<Media> {
    const { sealed, ...plain } = row
    return { ...plain, ...(await open<About>(this.key, sealed, place(row.id))) }
  }
  async of(owner: string): Promise<Media[]> {
    return Promise.all((await this.store.media.where('of').equals(owner).sortBy('id')).map((row) => this.read(row)))
  }
  async all(): Promise<Media[]> {
    return Promise.all((await this.store.media.toArray()).map((row) => this.read(row)))
  }

  /** Takes a file in, for a draft. Throws QuotaExceededError when the phone is full; nothing of it is left then. */
  async add(file: Blob & { name?: string }, { of, ...more }: { of: string } & Pick<About, 'role' | 'thumb' | 'seconds'>): Promise<Media> {
    const id = uuid7()
    const bytes = await file.arrayBuffer()
    const about: About = { name: file.name ?? '', kind: kindOf(file), type: file.type, sha256: await sha256(bytes), ...more }
    const media: Media = { ...about, id, of, standing: 'draft', size: bytes.byteLength, sent: 0 }
    await this.write(media, Array.from({ length: Math.ceil(bytes.byteLength / PART) }, (_, n) => bytes.slice(n * PART, (n + 1) * PART)))
    return media
  }
  /** From another phone's file; one that is here already stays as it is. */
  async takeIn(media: Media, parts: readonly ArrayBuffer[]): Promise<void> {
    if (!(await this.store.media.get(media.id))) await this.write(media, parts)
  }
  private async write(media: Media, bytes: readonly ArrayBuffer[]): Promise<void> {
    const { id, of, standing, size, sent, ...about } = media
    const parts = await Promise.all(bytes.map(async (part, n) => ({ media: id, n, sealed: await sealBytes(this.key, part, partPlace(id, n)) })))
    const row: MediaRow = { id, of, standing, size, sent, sealed: await seal(this.key, about satisfies About, place(id)) }
    await this.store.transaction('rw', this.store.media, this.store.parts, async () => {
      await this.store.parts.bulkPut(parts)
      await this.store.media.add(row)
    })
  }
  async remove(id: string): Promise<void> {
    await this.store.transaction('rw', this.store.media, this.store.parts, async () => {
      await this.store.parts.where('media').equals(id).delete()
      await this.store.media.delete(id)
    })
  }
  async removeOf(owner: string): Promise<void> {
    for (const id of await this.store.media.where('of').equals(owner).primaryKeys()) await this.remove(id)
  }
  async changeAbout(media: Media, change: Partial<About>): Promise<void> {
    const { name, kind, type, sha256: digest, role, thumb, seconds, problem } = { ...media, ...change }
    const sealed = await seal(this.key, { name, kind, type, sha256: digest, role, thumb, ...(seconds ? { seconds } : {}), ...(problem ? { problem } : {}) } satisfies About, place(media.id))
    await this.store.media.update(media.id, { sealed })
  }

  /** The file's bytes from an offset to the end of that part. */
  async part(id: string, offset: number): Promise<ArrayBuffer> {
    const n = Math.floor(offset / PART)
    const row = await this.store.parts.get([id, n])
    if (!row) throw new Error(`part ${n} of ${id} is not here`)
    return (await openBytes(this.key, row.sealed, partPlace(id, n))).slice(offset % PART)
  }
  /** The whole file. */
  async whole(media: Pick<Media, 'id' | 'size' | 'type'>): Promise<Blob> {
    const parts: ArrayBuffer[] = []
    for (let n = 0; n * PART < media.size; n++) parts.push(await this.part(media.id, n * PART))
    return new Blob(parts, { type: media.type })
  }
  sending(media: Media): Sending {
    return { id: media.id, kind: media.kind, name: media.name, size: media.size, sha256: media.sha256, begun: media.sent > 0, part: (offset) => this.part(media.id, offset) }
  }
  progress(id: string, sent: number): Promise<number> { return this.store.media.update(id, { sent }) }
  /** The server has it whole: its bytes go from the phone, what it was stays in the list. */
  async acknowledged(id: string): Promise<void> {
    await this.store.transaction('rw', this.store.media, this.store.parts, async () => {
      await this.store.media.update(id, { standing: 'sent' })
      await this.store.parts.where('media').equals(id).delete()
    })
  }
  async refused(media: Media, problem: string): Promise<void> {
    await this.changeAbout(media, { problem })
    await this.store.media.update(media.id, { standing: 'refused' })
  }
  async retry(id: string): Promise<void> { await this.store.media.update(id, { standing: 'waiting' }) }
}

/** What an operation promises of a file. */
export const promised = (m: Media): EvidenceIn => ({ id: m.id, kind: m.kind, sha256: m.sha256, role: m.role as NonNullable<EvidenceIn['role']> })
