// The findings of an import on a map: each where it is, with a dot that is seen from afar, as a gap of some square metres is not.
import type { ExpressionSpecification, LayerSpecification, Map } from 'maplibre-gl'
import type { Feature, Geometry, Position } from 'geojson'
import type { ImportFindingOut } from '@wangge/shared/api/types.gen'
import { LIGHT } from '@wangge/shared/src/map/look'
import type { Box } from '@wangge/shared/src/map/view'

export interface Placed { /** Of the finding in its list. */ index: number; blocks: boolean; geometry: Geometry; box: Box }

function positionsOf(geometry: Geometry): Position[] {
  if (geometry.type === 'GeometryCollection') return geometry.geometries.flatMap(positionsOf)
  const flat = (at: unknown): Position[] => (Array.isArray(at) && typeof at[0] !== 'number' ? at.flatMap(flat) : [at as Position])
  return flat(geometry.coordinates)
}
function boxOf(geometry: Geometry): Box | null {
  const box: Box = [180, 90, -180, -90]
  for (const [x = 0, y = 0] of positionsOf(geometry)) {
    box[0] = Math.min(box[0], x)
    box[1] = Math.min(box[1], y)
    box[2] = Math.max(box[2], x)
    box[3] = Math.max(box[3], y)
  }
  return box[0] <= box[2] ? box : null
}

/** The findings that have a place. */
export const placed = (findings: readonly ImportFindingOut[]): Placed[] =>
  findings.flatMap((f, index) => {
    const geometry = f.geometry as Geometry | null
    const box = geometry && boxOf(geometry)
    return box ? [{ index, blocks: f.blocks, geometry, box }] : []
  })

/** The box around all of them. */
export const around = (all: readonly Placed[]): Box | null =>
  all.length ? all.map((p) => p.box).reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]) : null

const SHAPES = 'findings'
const DOTS = 'finding-dots'
const DOT = 5 // pixels
const REACH = 6
const HARMLESS = '#8b97a5'
const is = (index: number | null): ExpressionSpecification => ['==', ['get', 'index'], index ?? -1]
const colour: ExpressionSpecification = ['case', ['get', 'blocks'], LIGHT.clock.late, HARMLESS]

const middleOf = ({ box }: Placed): [number, number] => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]

export function lay(map: Map, all: readonly Placed[]): void {
  const feature = (geometry: Geometry, { index, blocks }: Placed): Feature => ({ type: 'Feature', geometry, properties: { index, blocks } })
  const source = (features: Feature[]) => ({ type: 'geojson' as const, data: { type: 'FeatureCollection' as const, features } })
  map.addSource(SHAPES, source(all.map((p) => feature(p.geometry, p))))
  map.addSource(DOTS, source(all.map((p) => feature({ type: 'Point', coordinates: middleOf(p) }, p))))
  const layers: LayerSpecification[] = [
    { id: 'finding-land', type: 'fill', source: SHAPES, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colour, 'fill-opacity': 0.22 } },
    { id: 'finding-lines', type: 'line', source: SHAPES, paint: { 'line-color': colour, 'line-width': 2 } },
    { id: 'finding-chosen', type: 'line', source: SHAPES, filter: is(null), paint: { 'line-color': LIGHT.action, 'line-width': 3 } },
    { id: 'finding-dots', type: 'circle', source: DOTS, layout: { 'circle-sort-key': ['to-number', ['get', 'blocks']] }, paint: { 'circle-color': colour, 'circle-radius': DOT, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 } },
    { id: 'finding-dot-chosen', type: 'circle', source: DOTS, filter: is(null), paint: { 'circle-color': LIGHT.action, 'circle-radius': 7, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 } },
  ]
  for (const layer of layers) map.addLayer(layer)
}

/** Show which one is at hand. */
export function mark(map: Map, index: number): void {
  for (const id of ['finding-chosen', 'finding-dot-chosen']) map.setFilter(id, is(index))
}

/** The finding at a point of the screen: the nearest dot, else a line, else land. */
export function hit(map: Map, all: readonly Placed[], x: number, y: number): number | null {
  const [dot] = all.map((p) => { const at = map.project(middleOf(p)); return { index: p.index, far: Math.hypot(at.x - x, at.y - y) } }).filter((d) => d.far <= DOT + REACH).sort((a, b) => a.far - b.far)
  if (dot) return dot.index
  for (const id of ['finding-lines', 'finding-land']) {
    const [found] = map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]], { layers: [id] })
    if (found) return Number(found.properties['index'])
  }
  return null
}
