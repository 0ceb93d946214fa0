// What is not sent, to a file and on another phone: the last resort when a phone breaks or finds no network. Sealed under words that the person
// chooses; for the same person alone. Sent from both phones it is still done once: the operations keep their ids.
//
// The file: "WANGGE1\n", then blocks of a length (4 bytes, big-endian) and that many bytes. The first block is the salt, the second the sealed list,
// the others the sealed parts of the files in the list's order.
import { PART } from '@wangge/shared/src/upload'
import { openBytes, randomBytes, sealBytes, sealingKey } from '../kept/seal'
import type { Media, MediaBox } from './media'
import type { Outbox } from './outbox'
import type { Operation } from './queue'

const MAGIC = 'WANGGE1\n'
const ROUNDS = 600_000
interface List { user: string; at: number; operations: Operation[]; files: Media[] }
export class NotOurs extends Error {
  constructor(readonly why: 'format' | 'words' | 'person') { super(why) }
}

async function keyOf(words: string, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', new TextEncoder().encode(words.trim()), 'PBKDF2', false, ['deriveBits'])
  return sealingKey(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS }, typed, 256))
}
function block(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): BlobPart[] {
  const length = new DataView(new ArrayBuffer(4))
  length.setUint32(0, bytes.byteLength)
  return [length.buffer, bytes]
}
async function sealedBlock(key: CryptoKey, bytes: BufferSource, n: number): Promise<BlobPart[]> {
  const { iv, data } = await sealBytes(key, bytes, `block ${n}`)
  return block(new Uint8Array([...iv, ...new Uint8Array(data)]))
}

export async function exported(user: string, box: Outbox, files: MediaBox, words: string): Promise<Blob> {
  const operations = (await box.all()).filter((o) => o.standing !== 'sent')
  const left = (await files.all()).filter((f) => f.standing === 'waiting' || f.standing === 'refused')
  // a report whose files are not all there goes along, though it is there
  const reports = (await box.all()).filter((o) => o.standing === 'sent' && left.some((f) => f.of === o.id))
  const list: List = { user, at: Date.now(), operations: [...reports, ...operations], files: left }
  const salt = randomBytes(16)
  const key = await keyOf(words, salt)
  const parts: BlobPart[] = [MAGIC, ...block(salt), ...(await sealedBlock(key, new TextEncoder().encode(JSON.stringify(list)), 0))]
  let n = 1
  for (const file of left) for (let at = 0; at < file.size; at += PART) parts.push(...(await sealedBlock(key, await files.part(file.id, at), n++)))
  return new Blob(parts, { type: 'application/octet-stream' })
}

/** Takes such a file in. Answers how many operations were new here. Throws NotOurs. */
export async function imported(user: string, file: Blob, words: string, box: Outbox, files: MediaBox): Promise<number> {
  let at = MAGIC.length
  if ((await file.slice(0, at).text()) !== MAGIC) throw new NotOurs('format')
  const next = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const length = new DataView(await file.slice(at, at + 4).arrayBuffer()).getUint32(0)
    const bytes = new Uint8Array(await file.slice(at + 4, at + 4 + length).arrayBuffer())
    if (bytes.byteLength !== length) throw new NotOurs('format')
    at += 4 + length
    return bytes
  }
  const key = await keyOf(words, await next())
  let n = 0
  const opened = async (): Promise<ArrayBuffer> => {
    const bytes = await next()
    return openBytes(key, { iv: bytes.slice(0, 12), data: bytes.slice(12).buffer }, `block ${n++}`).catch(() => { throw new NotOurs('words') })
  }
  const list = JSON.parse(new TextDecoder().decode(await opened())) as List
  if (list.user !== user) throw new NotOurs('person')
  for (const media of list.files) {
    const parts: ArrayBuffer[] = []
    for (let i = 0; i * PART < media.size; i++) parts.push(await opened())
    await files.takeIn(media, parts)
  }
  return box.takeIn(list.operations)
}
