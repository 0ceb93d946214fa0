// What somebody is about to change, before anything is sent: it can be undone step by step, and outlives the page being loaded again.
import { computed, ref, watch } from 'vue'
import type { ChangeIn } from '@wangge/shared/api/types.gen'
import { type Point, type Shape, geometryOf, onLattice } from './topology'

/** Corners moved · land given to a neighbour · one cut in pieces · several made one. */
export const TOOLS = ['move', 'give', 'split', 'merge'] as const
export type Tool = (typeof TOOLS)[number]

export interface Draft {
  tool: Tool
  /** Codes: of `give` the one that gets the land, of `split` the one that is cut. */
  picked: readonly string[]
  /** Of `split`: a line across the grid, or into how many equal pieces. */
  cut: readonly Point[] | null
  count: number | null
  /** Of `give`: the corners of the land. */
  area: readonly Point[] | null
  /** Of `move`: the borders that are new, by code. */
  shapes: Readonly<Record<string, Shape>>
}
export const EMPTY: Draft = { tool: 'move', picked: [], cut: null, count: null, area: null, shapes: {} }
export const isEmpty = (d: Draft): boolean => !d.cut && !d.area && !d.count && !Object.keys(d.shapes).length && !(d.tool === 'merge' && d.picked.length)

/** Degrees by which a drawn line is longer at both ends: one that ends on the border reaches over it. */
const OVER = 2e-5
export function lengthened(line: readonly Point[]): Point[] {
  const beyond = (end: Point | undefined, before: Point | undefined): Point[] => {
    if (!end || !before) return []
    const [x, y] = [end[0] - before[0], end[1] - before[1]]
    const length = Math.hypot(x, y)
    return length ? [onLattice([end[0] + (x / length) * OVER, end[1] + (y / length) * OVER])] : []
  }
  return [...beyond(line[0], line[1]), ...line.map(onLattice), ...beyond(line[line.length - 1], line[line.length - 2])]
}

/** What the server is asked; null while something is missing. */
export function bodyOf(d: Draft, names: readonly string[] = []): ChangeIn | null {
  const given = names.some(Boolean) ? { names: [...names] } : {}
  if (d.tool === 'merge') return d.picked.length > 1 ? { kind: 'merge', grids: [...d.picked], ...given } : null
  if (d.tool === 'split') {
    if (d.picked.length !== 1 || (!d.cut && !d.count)) return null
    return { kind: 'split', grids: [...d.picked], ...(d.cut ? { cut: { type: 'LineString', coordinates: lengthened(d.cut) } } : { count: d.count }), ...given }
  }
  if (d.tool === 'give') {
    const [first] = d.area ?? []
    if (!d.area || !first || !d.picked[0]) return null
    return { kind: 'redraw', to: d.picked[0], area: { type: 'Polygon', coordinates: [[...d.area, first]] } }
  }
  const shapes = Object.entries(d.shapes)
  return shapes.length ? { kind: 'redraw', shapes: Object.fromEntries(shapes.map(([code, shape]) => [code, geometryOf(shape) as unknown as Record<string, unknown>])) } : null
}

/** `114.05, 22.53` on each line; null when a line is something else. */
export function pointsOf(text: string): Point[] | null {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean)
  const points = lines.map((line) => line.split(/[\s,，;]+/).map(Number))
  const good = points.every((p) => p.length === 2 && p.every(Number.isFinite) && Math.abs(p[0] ?? 999) <= 180 && Math.abs(p[1] ?? 999) <= 90)
  return good ? points.map(([lon, lat]) => onLattice([lon ?? 0, lat ?? 0])) : null
}

const KEPT = 'wangge.grid-draft'
const MOST = 50
/** Where a draft belongs: the layer with its version when it was begun, and the place. */
export interface Home { layer: string; version: number; within: string }
interface Kept { home: Home; draft: Draft; past: Draft[] }

/** The draft that was left behind, wherever it belongs. */
export function leftBehind(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Kept | null
    return kept?.home?.layer && kept.draft && Array.isArray(kept.past) ? kept : null
  } catch {
    return null // written by another version
  }
}

export function useDraft() {
  const home = ref<Home | null>(null)
  const draft = ref<Draft>(EMPTY)
  const past = ref<Draft[]>([])
  const future = ref<Draft[]>([])

  watch([draft, past], () => {
    if (!home.value) return
    if (isEmpty(draft.value) && past.value.every(isEmpty)) localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, JSON.stringify({ home: home.value, draft: draft.value, past: past.value } satisfies Kept))
  })
  const step = (from: typeof past, to: typeof past) => {
    const next = from.value[from.value.length - 1]
    if (!next) return
    to.value = [...to.value, draft.value]
    from.value = from.value.slice(0, -1)
    draft.value = next
  }
  return {
    draft,
    /** Begin anew, or with what was left behind here. True when something was. */
    begin(at: Home): boolean {
      const kept = leftBehind()
      const mine = kept && kept.home.layer === at.layer && kept.home.within === at.within ? kept : null
      home.value = mine?.home ?? at
      past.value = mine?.past ?? []
      future.value = []
      draft.value = mine?.draft ?? EMPTY
      return mine !== null
    },
    /** The layer's version that the draft was begun with. */
    of: computed(() => home.value?.version ?? 0),
    change(patch: Partial<Draft>): void {
      past.value = [...past.value.slice(1 - MOST), draft.value]
      future.value = []
      draft.value = { ...draft.value, ...patch }
    },
    undo: () => step(past, future),
    redo: () => step(future, past),
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => future.value.length > 0),
    /** Away with it, and what was kept of it. */
    drop(tool: Tool = draft.value.tool): void {
      past.value = []
      future.value = []
      draft.value = { ...EMPTY, tool }
      localStorage.removeItem(KEPT)
    },
  }
}
