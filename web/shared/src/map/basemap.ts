// The base map that an installation names: tiles of another host, or of an archive, brought to where our data is. Loaded with the map when there is one.
import type { BasemapOut } from '../../api/types.gen'
import { type Patch, patches } from './gcj02'

/** Asked for as `basemap://0/{z}/{x}/{y}`: the place of the address in the list, and the tile. */
export const SCHEME = 'basemap'
const EDGE = 256
/** Tiles that are shifted are made of up to four others, which the neighbours need as well. */
const KEPT = 64
const PATIENCE = 10_000 // ms
/** A host that failed is left alone as long, ms. */
const REST = 30_000
/** Answers that mean that no tile is to be had at all (a key that is wrong or used up); any other but 200: not this one. */
const REFUSED = [401, 403, 407, 418, 429]

type Tile = (z: number, x: number, y: number, signal: AbortSignal) => Promise<Blob | null>
/** What a map does when the base map is away, and when it is back. */
export interface Heard { away: () => void; back: () => void }

/** A tile by its address; null where there is none. */
function fetched(template: string): Tile {
  return async (z, x, y, signal) => {
    const address = template.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y))
    // some hosts know their clients by where they come from; never by a cookie
    const answer = await fetch(address, { signal, credentials: 'omit', referrerPolicy: 'strict-origin-when-cross-origin' })
    if (answer.status >= 500 || REFUSED.includes(answer.status)) throw new Error(`${answer.status}`)
    return answer.status === 200 ? answer.blob() : null
  }
}

function archived(address: string): Tile {
  const archive = import('pmtiles').then(({ PMTiles }) => new PMTiles(new URL(address, window.location.origin).href))
  return async (z, x, y, signal) => {
    const found = await (await archive).getZxy(z, x, y, signal)
    return found ? new Blob([found.data]) : null
  }
}

async function shifted(tile: Tile, z: number, x: number, y: number, signal: AbortSignal): Promise<ImageBitmap> {
  const canvas = new OffscreenCanvas(EDGE, EDGE)
  const context = canvas.getContext('2d')
  const all = patches(z, x, y)
  const side = (near: (...v: number[]) => number, of: (p: Patch) => number) => Math.min(2 ** z, Math.max(0, near(...all.map(of))))
  const [west, north] = [Math.floor(side(Math.min, (p) => p.from[0])), Math.floor(side(Math.min, (p) => p.from[1]))]
  const [east, south] = [Math.ceil(side(Math.max, (p) => p.from[0] + p.from[2])), Math.ceil(side(Math.max, (p) => p.from[1] + p.from[3]))]
  const under = new OffscreenCanvas((east - west) * EDGE, (south - north) * EDGE)
  const ground = under.getContext('2d')
  await Promise.all(Array.from({ length: (east - west) * (south - north) }, async (_, n) => {
    const [i, j] = [n % (east - west), Math.floor(n / (east - west))]
    const blob = await tile(z, west + i, north + j, signal)
    if (blob) ground?.drawImage(await createImageBitmap(blob), i * EDGE, j * EDGE, EDGE, EDGE)
  }))
  for (const { to, from } of all) {
    const [sx, sy, sw, sh] = [from[0] - west, from[1] - north, from[2], from[3]].map((v) => v * EDGE) as [number, number, number, number]
    const [dx, dy, dw, dh] = to.map((v) => v * EDGE) as [number, number, number, number]
    context?.drawImage(under, sx, sy, sw, sh, dx, dy, dw, dh)
  }
  return canvas.transferToImageBitmap()
}

/** Given up after a while, or when nobody waits any more. */
async function within<T>(ask: (signal: AbortSignal) => Promise<T>, left?: AbortSignal): Promise<T> {
  const control = new AbortController()
  const stop = () => control.abort()
  const timer = setTimeout(stop, PATIENCE)
  left?.addEventListener('abort', stop)
  return ask(control.signal).finally(() => clearTimeout(timer))
}

/** The last answers; who asked first may leave, the others still want it. */
function remembered(tile: Tile): Tile {
  const kept = new Map<string, Promise<Blob | null>>()
  return (z, x, y) => {
    const key = `${z}/${x}/${y}`
    const found = kept.get(key) ?? within((signal) => tile(z, x, y, signal))
    kept.delete(key)
    kept.set(key, found)
    found.catch(() => kept.delete(key))
    if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? '')
    return found
  }
}

/** What MapLibre calls for a tile. One that cannot be had is empty, so that the map goes on. */
export function basemap(base: BasemapOut, on: Heard): (asked: { url: string }, abort: AbortController) => Promise<{ data: ImageBitmap | ArrayBuffer }> {
  const given = base.archive ? [archived(base.archive)] : base.tiles.map(fetched)
  const moved = base.system === 'gcj02'
  const tiles = moved ? given.map(remembered) : given
  let rests = 0
  let away = false
  const empty = async () => ({ data: await createImageBitmap(new ImageData(1, 1)) })
  return async ({ url }, abort) => {
    const [layer = 0, z = 0, x = 0, y = 0] = url.slice(`${SCHEME}://`.length).split('/').map(Number)
    const tile = tiles[layer]
    if (!tile || performance.now() < rests) return empty()
    try {
      const data = await within(async (signal) => (moved ? shifted(tile, z, x, y, signal) : (await tile(z, x, y, signal))?.arrayBuffer()), abort.signal)
      if (away) on.back()
      away = false
      return data ? { data } : await empty()
    } catch (error) {
      if (abort.signal.aborted) throw error
      rests = performance.now() + REST
      if (!away) on.away()
      away = true
      return empty()
    }
  }
}
