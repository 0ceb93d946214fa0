// The map's own look: two sets of colours, the hues of stacked layers, and how a case's clock is drawn.
import type { LayerOut } from '../../api/types.gen'

export interface Look {
  ground: string
  land: string
  line: string
  border: string
  text: string
  text2: string
  halo: string
  action: string
  /** In time, soon, late, paused, ended. */
  clock: Record<Standing, string>
  /** Of a point: its rim, and the sign in it. */
  rim: string
  sign: string
  /** A cluster's disc and its count. */
  disc: string
  count: string
  /** Few to many. */
  heat: readonly [string, string, string, string, string]
}
/** How the clock of a case on the map stands. */
export type Standing = 'in-time' | 'soon' | 'late' | 'paused' | 'ended'

export const LIGHT: Look = {
  ground: '#e9eef3', land: '#ffffff', line: '#c3ccd7', border: '#7f8c9b', text: '#4a5868', text2: '#16202b', halo: '#ffffff', action: '#1c64d1',
  clock: { 'in-time': '#1a7a50', soon: '#b26a00', late: '#c62f2f', paused: '#5d6875', ended: '#8b97a5' },
  rim: '#ffffff', sign: '#ffffff', disc: '#ffffff', count: '#16202b',
  heat: ['#dce8fb', '#a9c8f3', '#6ea1e8', '#2f74d6', '#123f8a'],
}
export const DARK: Look = {
  ground: '#0b1526', land: '#111f36', line: '#263a58', border: '#4a658c', text: '#8fa6c4', text2: '#dce7f5', halo: '#0b1526', action: '#6aa5ff',
  clock: { 'in-time': '#39b981', soon: '#f0a93b', late: '#ff6b63', paused: '#93a1b3', ended: '#64748b' },
  rim: '#0b1526', sign: '#0b1526', disc: '#14243d', count: '#f2f7ff',
  heat: ['#17345f', '#1d4f94', '#2a6fc9', '#5b9bf0', '#b5d4ff'],
}

/** Layers over the base are dashed, each in a hue of its own (UI.md's six, without those that clocks have). */
const HUES = [['#7a5195', [4, 2]], ['#c65d8a', [1.5, 1.5]], ['#0f7f9c', [6, 2, 1.5, 2]], ['#8a5a00', [2, 1]]] as const
const PALE = ['#b68ad6', '#ef8fb8', '#4fc3e0', '#e0b062'] as const

export interface Stroke { hue: string; dash: number[] }

/** The stroke of each stacked layer by key: by its place among them, so that it stays the same on every screen. */
export function strokes(layers: readonly Pick<LayerOut, 'key' | 'kind'>[], dark: boolean): Map<string, Stroke> {
  const stacked = layers.filter((l) => l.kind !== 'base').map((l) => l.key).sort()
  return new Map(stacked.map((key, i) => {
    const [hue, dash] = HUES[i % HUES.length] ?? HUES[0]
    return [key, { hue: dark ? PALE[i % PALE.length] ?? PALE[0] : hue, dash: [...dash] }]
  }))
}
