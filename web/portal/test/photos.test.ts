// What becomes of the photos of a report: they arrive, wait, or are refused for good.
import { afterEach, expect, it, vi } from 'vitest'
import type { Held } from '../src/report/files'
import { sendPhotos } from '../src/report/photos'

const TAKEN = { number: '4403040102026112100007', code: 'K7QM3-XF29P', link: '' }
const held = (id: string): Held => ({ id, kind: 'photo', file: new File(['x'], `${id}.jpg`) })
afterEach(() => { vi.unstubAllGlobals() })

it('what was lost or has to wait stays, what the server will never take does not', async () => {
  const answers: Record<string, number> = { whole: 201, damaged: 422, busy: 429, broken: 503 }
  vi.stubGlobal('fetch', async (_: string, { headers }: { headers: Record<string, string> }) => {
    expect(headers['Authorization']).toBe(`Report ${TAKEN.number}:${TAKEN.code}`)
    const id = atob(headers['Upload-Metadata']?.split(',')[0]?.slice(3) ?? '')
    if (id === 'lost') throw new TypeError('no network')
    return new Response(null, { status: answers[id] ?? 500, headers: { 'Upload-Offset': '1' } })
  })
  const { left, refused } = await sendPhotos(['whole', 'damaged', 'lost', 'busy', 'broken'].map(held), TAKEN)
  expect([left.map((p) => p.id), refused]).toEqual([['lost', 'busy', 'broken'], 1])
})
