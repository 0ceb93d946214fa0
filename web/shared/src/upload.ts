// Files to the server by tus 1.0 (docs/evidence.md): in parts, so that a broken connection goes on where it stopped.
import { Failed } from './call'
import type { Problem } from '../api/types.gen'
import { uuid7 } from './ids'
import { language } from './words'

const PART = 4 * 1024 * 1024
const TRIES = 3
export type FileKind = 'photo' | 'video' | 'audio' | 'document'

export const kindOf = (file: File): FileKind =>
  file.type.startsWith('image/') ? 'photo' : file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'document'

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const head = (more: Record<string, string>) => ({ 'Tus-Resumable': '1.0.0', 'Accept-Language': language.value === 'zh' ? 'zh-CN' : 'en', ...more })

async function refused(answer: Response): Promise<Failed> {
  const told = (await answer.json().catch(() => null)) as Problem | null
  return new Failed(told?.detail ? told : { type: 'about:blank', title: '', status: answer.status, detail: `HTTP ${answer.status}` })
}

/** Sends a file; answers its id, to be named in an act. `progress` hears shares from 0 to 1. Throws Failed, or TypeError without a network. */
export async function upload(file: File, progress: (share: number) => void, signal?: AbortSignal): Promise<string> {
  const id = uuid7()
  const metadata = Object.entries({ id, kind: kindOf(file), filename: file.name }).map(([k, v]) => `${k} ${base64(v)}`).join(',')
  const made = await fetch('/api/v1/uploads', { method: 'POST', signal: signal ?? null, headers: head({ 'Upload-Length': String(file.size), 'Upload-Metadata': metadata }) })
  if (!made.ok) throw await refused(made)
  const url = `/api/v1/uploads/${id}`
  let offset = 0
  let tries = 0
  while (offset < file.size) {
    try {
      const sent = await fetch(url, {
        method: 'PATCH', signal: signal ?? null, body: file.slice(offset, offset + PART),
        headers: head({ 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }),
      })
      if (!sent.ok) throw await refused(sent)
      offset = Number(sent.headers.get('Upload-Offset') ?? offset + PART)
      tries = 0
    } catch (error) {
      if (error instanceof Failed || signal?.aborted || ++tries >= TRIES) throw error
      const asked = await fetch(url, { method: 'HEAD', headers: head({}), signal: signal ?? null })
      offset = Number(asked.headers.get('Upload-Offset') ?? offset)
    }
    progress(Math.min(1, offset / file.size))
  }
  return id
}
