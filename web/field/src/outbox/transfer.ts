// What is not sent, to a file and on another phone: the last resort when a phone breaks or finds no network. Sealed under words that the person
// chooses; for the same person alone. Sent from both phones it is still done once: the operations keep their ids.
//
// The file: "WANGGE1\n", then blocks of a length (4 bytes, big-endian) and that many bytes. The first block is how much work the words take (4 bytes) and
// the salt, the second the sealed list, the others the sealed parts of the files in the list's order.
import { PART } from '@wangge/shared/src/upload'
import { flat, openBytes, randomBytes, ROUNDS, sealBytes, sealingKey, stretched, unflat } from '../kept/seal'
import type { Media, MediaBox } from './media'
import type { Outbox } from './outbox'
import type { Operation } from './queue'

const MAGIC = 'WANGGE1\n'
interface List { user: string; at: number; operations: Operation[]; files: Media[] }
export class NotOurs extends Error {
  constructor(readonly why: 'format' | 'words' | 'person') { super(why) }
}

const SALT_AT = 4
const keyOf = async (words: string, head: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  sealingKey(await stretched(words.trim(), head.slice(SALT_AT), new DataView(head.buffer).getUint32(0)))
function block(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): BlobPart[] {
  const length = new DataView(new ArrayBuffer(4))
  length.setUint32(0, bytes.byteLength)
  return [length.buffer, bytes]
}
async function sealedBlock(key: CryptoKey, bytes: BufferSource, n: number): Promise<BlobPart[]> {
  return block(flat(await sealBytes(key, bytes, `block ${n}`)))
}

/** `ahead`: how far this phone's clock is off (ms), for what was not sent yet: another phone's clock says nothing of it. */
export async function exported(user: string, box: Outbox, files: MediaBox, words: string, { ahead = 0, rounds = ROUNDS } = {}): Promise<Blob> {
  const operations = (await box.all()).filter((o) => o.standing !== 'sent')
  const left = (await files.all()).filter((f) => f.standing === 'waiting' || f.standing === 'refused')
  // a report whose files are not all there goes along, though it is there
  const reports = (await box.all()).filter((o) => o.standing === 'sent' && left.some((f) => f.of === o.id))
  const list: List = { user, at: Date.now(), operations: [...reports, ...operations].map((o) => ({ ...o, ahead: o.ahead ?? ahead })), files: left }
  const head = randomBytes(SALT_AT + 16)
  new DataView(head.buffer).setUint32(0, rounds)
  const key = await keyOf(words, head)
  const parts: BlobPart[] = [MAGIC, ...block(head), ...(await sealedBlock(key, new TextEncoder().encode(JSON.stringify(list)), 0))]
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
    return openBytes(key, unflat(await next()), `block ${n++}`).catch(() => { throw new NotOurs('words') })
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
