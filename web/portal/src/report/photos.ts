// Photos go after the report, with its own number and code, each in parts that a broken connection resumes.
import type { TakenOut } from '@wangge/shared/api/types.gen'
import { Failed } from '@wangge/shared/src/call'
import { PART, send } from '@wangge/shared/src/upload'
import { letGo, type Held } from './files'

const LATER = [408, 409, 423, 428, 429]
/** The file itself is not taken: sending it again changes nothing. */
const final = (e: unknown): boolean => e instanceof Failed && e.status >= 400 && e.status < 500 && !LATER.includes(e.status)

/** Those that did not arrive, and how many were refused. `begun`: some of them may be on the server already. */
export async function sendPhotos(photos: Held[], taken: TakenOut, begun = false): Promise<{ left: Held[]; refused: number }> {
  const at = { url: '/api/v1/portal/uploads', headers: { Authorization: `Report ${taken.number}:${taken.code}` } }
  const left: Held[] = []
  let refused = 0
  for (const photo of photos) {
    const part = (offset: number) => photo.file.slice(offset, offset + PART)
    try {
      await send({ id: photo.id, kind: photo.kind, name: photo.file.name, size: photo.file.size, part, at, begun }, () => undefined)
      await letGo(photo.id)
    } catch (e) {
      if (!final(e)) { left.push(photo); continue }
      refused += 1
      await letGo(photo.id)
    }
  }
  return { left, refused }
}
