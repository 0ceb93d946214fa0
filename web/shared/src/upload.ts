// Files to the server by tus 1.0 (docs/evidence.md): in parts, so that a broken connection goes on where it stopped.
import { Failed } from './call'
import type { Problem } from '../api/types.gen'
import { uuid7 } from './ids'
import { language } from './words'

export const PART = 4 * 1024 * 1024
const TRIES = 3
const CONFLICT = 409
export type FileKind = 'photo' | 'video' | 'audio' | 'document'

export const kindOf = (file: Pick<File, 'type'>): FileKind =>
  file.type.startsWith('image/') ? 'photo' : file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'document'

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const told = (more: Record<string, string>) => ({ 'Tus-Resumable': '1.0.0', 'Accept-Language': language.value === 'zh' ? 'zh-CN' : 'en', ...more })

async function refused(answer: Response): Promise<Failed> {
  const said = (await answer.json().catch(() => null)) as Problem | null
  return new Failed(said?.detail ? said : { type: 'about:blank', title: '', status: answer.status, detail: `HTTP ${answer.status}` })
}

/** A file to be sent. `part`: its bytes from an offset on, at most PART of them. `begun`: some of it may be on the server already. `at`: another door than
 *  the one of a session. */
export interface Sending { id: string; kind: FileKind; name: string; size: number; sha256?: string; begun?: boolean; part: (offset: number) => Promise<Blob | ArrayBuffer> | Blob; at?: { url: string; headers: Record<string, string> } }

/** Sends a file to its end, or goes on with it. `progress` hears how many bytes are safe. Throws Failed, or TypeError without a network. */
export async function send(file: Sending, progress: (bytes: number) => void, signal?: AbortSignal): Promise<void> {
  const door = file.at?.url ?? '/api/v1/uploads'
  const metadata = Object.entries({ id: file.id, kind: file.kind, filename: file.name, ...(file.sha256 ? { sha256: file.sha256 } : {}) }).map(([k, v]) => `${k} ${base64(v)}`).join(',')
  const ask = (method: string, url: string, more: Record<string, string>, part: Blob | ArrayBuffer | null = null) =>
    fetch(url, { method, body: part, signal: signal ?? null, headers: told({ ...file.at?.headers, ...more, ...(part ? { 'Content-Type': 'application/offset+octet-stream' } : {}) }) })
  const make = (part: Blob | ArrayBuffer | null) => ask('POST', door, { 'Upload-Length': String(file.size), 'Upload-Metadata': metadata }, part)
  const append = async (at: number) => ask('PATCH', `${door}/${file.id}`, { 'Upload-Offset': String(at) }, await taken(at))
  /** A part; the one after it is made ready while this one is on its way. */
  let ahead: { at: number; bytes: Promise<Blob | ArrayBuffer> } | null = null
  const taken = async (at: number): Promise<Blob | ArrayBuffer> => {
    const bytes = await (ahead?.at === at ? ahead.bytes : file.part(at))
    const next = (Math.floor(at / PART) + 1) * PART
    ahead = next < file.size ? { at: next, bytes: Promise.resolve(file.part(next)) } : null
    ahead?.bytes.catch(() => undefined) // heard when it is taken
    return bytes
  }
  const far = async (): Promise<number> => {
    const asked = await ask('HEAD', `${door}/${file.id}`, {})
    if (!asked.ok) throw await refused(asked)
    return Number(asked.headers.get('Upload-Offset') ?? 0)
  }
  let offset: number | null = null // it is made with its first part: a photo is one request
  if (file.begun) {
    const made = await make(null)
    if (!made.ok) throw await refused(made)
    offset = await far()
  }
  let tries = 0
  while (offset === null || offset < file.size) {
    progress(offset ?? 0)
    try {
      const sent = await (offset === null ? make(await taken(0)) : append(offset))
      if (sent.ok) {
        offset = Number(sent.headers.get('Upload-Offset') ?? (offset ?? 0) + PART)
        tries = 0
      } else if (sent.status === CONFLICT && ++tries < TRIES) offset = await far() // there is more of it than was answered
      else throw await refused(sent)
    } catch (error) {
      if (error instanceof Failed || signal?.aborted || ++tries >= TRIES) throw error
      if (offset !== null) offset = await far()
    }
  }
  progress(offset)
}

/** Sends a file that is at hand; answers its id, to be named in an act. `progress` hears shares from 0 to 1. Throws as `send` does. */
export async function upload(file: File, progress: (share: number) => void, signal?: AbortSignal): Promise<string> {
  const id = uuid7()
  const part = (offset: number) => file.slice(offset, offset + PART)
  await send({ id, kind: kindOf(file), name: file.name, size: file.size, part }, (bytes) => progress(Math.min(1, bytes / file.size)), signal)
  return id
}
