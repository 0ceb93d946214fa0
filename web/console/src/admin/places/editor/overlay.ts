// What the editor paints over the map of grids: the place as it would be, what changes hands, what would be wrong.
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map } from 'maplibre-gl'
import type { Feature, FeatureCollection } from 'geojson'
import { LIGHT } from '@wangge/shared/src/map/look'
import { FONTS } from '@wangge/shared/src/map/style'
import { baseShown } from '@wangge/shared/src/map/view'

export const PARTS = ['land', 'frame', 'hands', 'plan', 'stroke', 'faults', 'names'] as const
export type Part = (typeof PARTS)[number]
const source = (part: Part): string => `edit-${part}`
const SOON = '#b26a00'
const LATE = '#c62f2f'

/** Add the sources and layers, from the lowest up. */
export function lay(map: Map): void {
  for (const part of PARTS) map.addSource(source(part), { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
  const print = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
  const picked: ExpressionSpecification = ['boolean', ['get', 'picked'], false]
  const seen = baseShown.value && map.getLayer('under-0') !== undefined // streets help to draw a border
  const text = { 'text-font': FONTS, 'text-size': 12 * print, 'text-max-width': 12 }
  const layers: LayerSpecification[] = [
    { id: 'edit-land', type: 'fill', source: source('land'), paint: { 'fill-color': ['case', picked, '#cfe0fa', LIGHT.land], 'fill-opacity': seen ? 0.4 : 1 } },
    { id: 'edit-hands', type: 'fill', source: source('hands'), paint: { 'fill-color': SOON, 'fill-opacity': 0.28 } },
    { id: 'edit-line', type: 'line', source: source('land'), paint: { 'line-color': LIGHT.border, 'line-width': 1.2 } },
    { id: 'edit-frame', type: 'line', source: source('frame'), layout: { 'line-cap': 'round' }, paint: { 'line-color': '#16202b', 'line-width': 2 } },
    { id: 'edit-hands-line', type: 'line', source: source('hands'), paint: { 'line-color': SOON, 'line-width': 1.5 } },
    { id: 'edit-plan', type: 'line', source: source('plan'), paint: { 'line-color': LIGHT.action, 'line-width': 2.5 } },
    { id: 'edit-picked', type: 'line', source: source('land'), filter: ['==', picked, true], paint: { 'line-color': LIGHT.action, 'line-width': 2.5 } },
    { id: 'edit-stroke', type: 'line', source: source('stroke'), paint: { 'line-color': LIGHT.action, 'line-width': 2, 'line-dasharray': [3, 2] } },
    { id: 'edit-faults', type: 'fill', source: source('faults'), filter: ['in', ['geometry-type'], ['literal', ['Polygon', 'MultiPolygon']]], paint: { 'fill-color': LATE, 'fill-opacity': 0.5 } },
    { id: 'edit-faults-line', type: 'line', source: source('faults'), paint: { 'line-color': LATE, 'line-width': 2.5 } },
    { id: 'edit-faults-point', type: 'circle', source: source('faults'), filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': LATE, 'circle-radius': 6, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 } },
    {
      id: 'edit-names', type: 'symbol', source: source('names'),
      layout: { ...text, 'text-field': ['get', 'text'], 'symbol-sort-key': ['get', 'order'], 'text-padding': 1 },
      paint: { 'text-color': ['case', ['boolean', ['get', 'hand'], false], '#7a4900', LIGHT.text], 'text-halo-color': '#ffffff', 'text-halo-width': 1.6 },
    },
  ]
  for (const layer of layers) map.addLayer(layer)
}

export function paint(map: Map, part: Part, features: Feature[]): void {
  const data: FeatureCollection = { type: 'FeatureCollection', features }
  void map.getSource<GeoJSONSource>(source(part))?.setData(data)
}
