// Files to the server by tus 1.0 (docs/evidence.md): in parts, so that a broken connection goes on where it stopped.
import { Failed } from './call'
import type { Problem } from '../api/types.gen'
import { uuid7 } from './ids'
import { language } from './words'

export const PART = 4 * 1024 * 1024
const TRIES = 3
export type FileKind = 'photo' | 'video' | 'audio' | 'document'

export const kindOf = (file: Pick<File, 'type'>): FileKind =>
  file.type.startsWith('image/') ? 'photo' : file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'document'

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const head = (more: Record<string, string>) => ({ 'Tus-Resumable': '1.0.0', 'Accept-Language': language.value === 'zh' ? 'zh-CN' : 'en', ...more })

async function refused(answer: Response): Promise<Failed> {
  const told = (await answer.json().catch(() => null)) as Problem | null
  return new Failed(told?.detail ? told : { type: 'about:blank', title: '', status: answer.status, detail: `HTTP ${answer.status}` })
}

/** A file to be sent. `part`: its bytes from an offset on, at most PART of them. `begun`: some of it may be on the server already. */
export interface Sending { id: string; kind: FileKind; name: string; size: number; sha256?: string; begun?: boolean; part: (offset: number) => Promise<Blob | ArrayBuffer> | Blob }

/** Sends a file to its end, or goes on with it. `progress` hears how many bytes are safe. Throws Failed, or TypeError without a network. */
export async function send(file: Sending, progress: (bytes: number) => void, signal?: AbortSignal): Promise<void> {
  const url = `/api/v1/uploads/${file.id}`
  const far = async (): Promise<number> => {
    const asked = await fetch(url, { method: 'HEAD', headers: head({}), signal: signal ?? null })
    if (!asked.ok) throw await refused(asked)
    return Number(asked.headers.get('Upload-Offset') ?? 0)
  }
  const metadata = Object.entries({ id: file.id, kind: file.kind, filename: file.name, ...(file.sha256 ? { sha256: file.sha256 } : {}) }).map(([k, v]) => `${k} ${base64(v)}`).join(',')
  const made = await fetch('/api/v1/uploads', { method: 'POST', signal: signal ?? null, headers: head({ 'Upload-Length': String(file.size), 'Upload-Metadata': metadata }) })
  if (!made.ok) throw await refused(made)
  let offset = file.begun ? await far() : 0
  let tries = 0
  progress(offset)
  while (offset < file.size) {
    try {
      const sent = await fetch(url, {
        method: 'PATCH', signal: signal ?? null, body: await file.part(offset),
        headers: head({ 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }),
      })
      if (!sent.ok) throw await refused(sent)
      offset = Number(sent.headers.get('Upload-Offset') ?? offset + PART)
      tries = 0
    } catch (error) {
      if (error instanceof Failed || signal?.aborted || ++tries >= TRIES) throw error
      offset = await far()
    }
    progress(offset)
  }
}

/** Sends a file that is at hand; answers its id, to be named in an act. `progress` hears shares from 0 to 1. Throws as `send` does. */
export async function upload(file: File, progress: (share: number) => void, signal?: AbortSignal): Promise<string> {
  const id = uuid7()
  const part = (offset: number) => file.slice(offset, offset + PART)
  await send({ id, kind: kindOf(file), name: file.name, size: file.size, part }, (bytes) => progress(Math.min(1, bytes / file.size)), signal)
  return id
}
