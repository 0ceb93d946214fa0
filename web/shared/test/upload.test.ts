// A file arrives whole and once, whatever is cut: by the rules of docs/evidence.md.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Failed } from '../src/call'
import { PART, send } from '../src/upload'

const SIZE = PART + 10
const bytes = new Uint8Array(SIZE).map((_, i) => i % 251)
/** As `toEqual` would, within the second. */
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])
function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

/** The server: what it holds of one upload. `cut`: requests whose answer is lost, by their number. */
class Server {
  have: Uint8Array | null = null
  heard: string[] = []
  constructor(private readonly cut: ReadonlySet<number> = new Set(), private readonly keeps = Infinity) {}

  ask = async (_url: string, { method, headers, body }: { method: string; headers: Record<string, string>; body: ArrayBuffer | null }): Promise<Response> => {
    this.heard.push(method)
    const answer = this.answer(method, headers, body && new Uint8Array(body))
    if (this.cut.has(this.heard.length)) throw new TypeError('cut')
    return answer
  }
  private answer(method: string, headers: Record<string, string>, body: Uint8Array | null): Response {
    if (method === 'POST') this.have ??= new Uint8Array()
    if (!this.have) return new Response(null, { status: 404 })
    const offset = method === 'POST' ? 0 : Number(headers['Upload-Offset'])
    if (body) {
      if (offset !== this.have.length) return new Response(null, { status: 409 })
      const kept = this.cut.has(this.heard.length) ? body.slice(0, this.keeps) : body
      this.have = joined(this.have, kept)
    }
    return new Response(null, { status: method === 'HEAD' ? 200 : 204, headers: method === 'POST' && !body ? {} : { 'Upload-Offset': String(this.have.length) } })
  }
}
async function sent(server: Server, begun = false): Promise<number[]> {
  vi.stubGlobal('fetch', server.ask)
  const told: number[] = []
  await send({ id: 'f', kind: 'video', name: '', size: SIZE, begun, part: async (at) => Uint8Array.from(bytes.subarray(at, (Math.floor(at / PART) + 1) * PART)).buffer }, (n) => told.push(n))
  expect(same(server.have ?? new Uint8Array(), bytes)).toBe(true)
  return told
}
afterEach(() => vi.unstubAllGlobals())

describe('a file', () => {
  it('is made with its first part: one request for each part', async () => {
    const server = new Server()
    expect(await sent(server)).toEqual([0, PART, SIZE])
    expect(server.heard).toEqual(['POST', 'PATCH'])
  })
  it('goes on where it stopped when it was begun before', async () => {
    const server = new Server()
    server.have = bytes.subarray(0, 1000)
    expect(await sent(server, true)).toEqual([1000, PART, SIZE])
    expect(server.heard).toEqual(['POST', 'HEAD', 'PATCH', 'PATCH'])
  })
  it('goes on after the answer to its beginning was lost, whole or in part', async () => {
    for (const keeps of [Infinity, 1000, 0]) await sent(new Server(new Set([1]), keeps))
  })
  it('goes on after a later part was cut', async () => {
    for (const keeps of [Infinity, 5, 0]) await sent(new Server(new Set([2]), keeps))
  })
  it('gives up after three cuts in a row, and says what was refused', async () => {
    await expect(sent(new Server(new Set([1, 2, 3]), 0))).rejects.toThrow(TypeError)
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ detail: '文件太大', status: 413 }), { status: 413 }))
    await expect(send({ id: 'f', kind: 'photo', name: '', size: 1, part: async () => new ArrayBuffer(1) }, () => undefined)).rejects.toThrow(Failed)
  })
})
