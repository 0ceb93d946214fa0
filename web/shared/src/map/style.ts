// The style of our own map: nothing in it comes from another host, and its names are written in the fonts of the desk (a style without
// `glyphs`). Sources of layers that are not shown are not asked for.
import type { ExpressionSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import type { BasemapOut } from '../../api/types.gen'
import { SCHEME } from './basemap'
import { type Look, strokes } from './look'
import type { Drawn } from './view'

export const FONTS = ['PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', 'sans-serif']
/** Deeper tiles would say no more: four thousand units of one at 16 are 15 cm each. */
const DEEPEST = 16
const EMPTY: SourceSpecification = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } }

export interface Asked {
  layers: readonly Drawn[]
  look: Look
  dark: boolean
  english: boolean
  /** Large print: what sizes of text are multiplied by. */
  print: number
  /** The address below which the tiles lie. */
  root: string
  base: BasemapOut | null
}

export const gridsOf = (key: string): string => `grids-${key}`
const LEVELS = ['community', 'street', 'district'] as const
type Level = (typeof LEVELS)[number]
/** From where to where the names of a level are written: one level at a time, so that they do not stand in each other's way. */
const WRITTEN: Record<Level, [number, number]> = { district: [6, 10.5], street: [10.5, 13], community: [13, 15.5] }
/** What is drawn for a layer of grids, all to be shown or hidden together. */
export const partsOf = (key: string): string[] => [`${gridsOf(key)}-land`, `${gridsOf(key)}-line`, `${gridsOf(key)}-name`]
/** The layers of the base map, the lowest first. */
export const underOf = (base: BasemapOut | null): string[] => (base ? Array.from({ length: base.archive ? 1 : base.tiles.length }, (_, i) => `under-${i}`) : [])
/** The layers of features that a click may hit, uppermost first. */
export const CASES = ['cases', 'cells']

export function styleOf(asked: Asked): StyleSpecification {
  const { layers, look, root } = asked
  const sources: Record<string, SourceSpecification> = { cells: EMPTY, cases: EMPTY, place: EMPTY, area: EMPTY, areas: { type: 'vector', tiles: [`${root}/areas/tiles/{z}/{x}/{y}.mvt`], minzoom: 4, maxzoom: 14 } }
  for (const { key } of layers) {
    sources[gridsOf(key)] = { type: 'vector', tiles: [`${root}/tiles/${key}/{z}/{x}/{y}.mvt`], minzoom: 5, maxzoom: DEEPEST, promoteId: 'code' }
  }
  for (const [i, id] of underOf(asked.base).entries()) {
    sources[id] = { type: 'raster', tiles: [`${SCHEME}://${i}/{z}/{x}/{y}`], tileSize: 256, minzoom: asked.base?.min_zoom ?? 0, maxzoom: asked.base?.max_zoom ?? 22 }
  }
  const base = layers.filter((l) => l.kind === 'base')
  const stacked = layers.filter((l) => l.kind !== 'base')
  return {
    version: 8,
    sources,
    transition: { duration: 0, delay: 0 },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': look.ground } },
      // paler than it is, so that what is ours stands out
      ...underOf(asked.base).map((id): LayerSpecification => ({ id, type: 'raster', source: id, layout: { visibility: 'none' }, paint: { 'raster-fade-duration': 0, 'raster-saturation': -0.35 } })),
      ...base.map((l) => land(l.key, look)),
      { id: 'cells', type: 'fill', source: 'cells', paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': 0.82 } },
      ...base.map((l) => line(l.key, look)),
      ...LEVELS.map((level) => border(level, look)),
      ...stackedLines(stacked, asked),
      ...layers.map((l) => chosen(l.key, look)),
      ...[...base, ...stacked].map((l) => names(l, asked)),
      ...LEVELS.map((level) => areaNames(level, asked)),
      { id: 'area', type: 'fill', source: 'area', paint: { 'fill-color': look.action, 'fill-opacity': 0.08 } },
      { id: 'area-line', type: 'line', source: 'area', paint: { 'line-color': look.action, 'line-width': 2, 'line-dasharray': [3, 2] } },
      ...counts(asked),
      ...place(look),
    ],
  }
}

const at = (zoom: [number, number][]): ExpressionSpecification => ['interpolate', ['linear'], ['zoom'], ...zoom.flat()] as ExpressionSpecification
const spoken = (english: boolean): ExpressionSpecification =>
  english ? ['case', ['!=', ['coalesce', ['get', 'name_en'], ''], ''], ['get', 'name_en'], ['get', 'name']] : ['get', 'name']
const from = (key: string) => ({ source: gridsOf(key), 'source-layer': key })

function land(key: string, look: Look): LayerSpecification {
  return { id: `${gridsOf(key)}-land`, type: 'fill', ...from(key), paint: { 'fill-color': look.land, 'fill-antialias': false } }
}

function line(key: string, look: Look): LayerSpecification {
  return {
    id: `${gridsOf(key)}-line`, type: 'line', ...from(key),
    paint: { 'line-color': look.line, 'line-width': at([[9, 0.3], [13, 0.8], [17, 1.5]]), 'line-opacity': at([[9, 0.35], [12, 1]]) },
  }
}

function border(level: Level, look: Look): LayerSpecification {
  const width = { community: 0.4, street: 0.9, district: 1.4 }[level]
  return {
    id: `areas-${level}`, type: 'line', source: 'areas', 'source-layer': level, minzoom: level === 'community' ? 10 : 5,
    layout: { 'line-join': 'round' }, paint: { 'line-color': look.border, 'line-width': at([[9, width], [13, width * 2], [16, width * 2.6]]) },
  }
}

function areaNames(level: Level, { look, english, print }: Asked): LayerSpecification {
  const [minzoom, maxzoom] = WRITTEN[level]
  return {
    id: `areas-${level}-name`, type: 'symbol', source: 'areas', 'source-layer': `${level}_names`, minzoom, maxzoom,
    layout: { 'text-field': spoken(english), 'text-font': FONTS, 'text-size': (level === 'community' ? 12 : 13.5) * print, 'text-max-width': 8, 'text-padding': 4 },
    paint: { 'text-color': level === 'community' ? look.text : look.text2, 'text-halo-color': look.halo, 'text-halo-width': 1.6 },
  }
}

function stackedLines(stacked: readonly Drawn[], { layers, dark }: Asked): LayerSpecification[] {
  const stroke = strokes(layers, dark)
  return stacked.flatMap(({ key }): LayerSpecification[] => [
    // nothing to see: what a click may hit
    { id: `${gridsOf(key)}-land`, type: 'fill', ...from(key), layout: { visibility: 'none' }, paint: { 'fill-opacity': 0 } },
    {
      id: `${gridsOf(key)}-line`, type: 'line', ...from(key), layout: { visibility: 'none' },
      paint: { 'line-color': stroke.get(key)?.hue ?? '', 'line-dasharray': stroke.get(key)?.dash ?? [2, 1], 'line-width': at([[10, 1], [14, 1.8], [17, 2.4]]) },
    },
  ])
}

/** The grid that is chosen: 2 px of the action's colour; none until one is. */
function chosen(key: string, look: Look): LayerSpecification {
  return { id: `${gridsOf(key)}-chosen`, type: 'line', ...from(key), filter: ['in', ['get', 'code'], ['literal', []]], paint: { 'line-color': look.action, 'line-width': 2 } }
}

function names({ key, kind }: Drawn, { look, english, print, dark, layers }: Asked): LayerSpecification {
  const hue = strokes(layers, dark).get(key)?.hue
  return {
    id: `${gridsOf(key)}-name`, type: 'symbol', source: gridsOf(key), 'source-layer': 'names', minzoom: kind === 'base' ? 15.5 : 12.5,
    layout: {
      'text-field': spoken(english), 'text-font': FONTS, 'text-size': 12 * print, 'text-max-width': 7, 'text-padding': 6,
      visibility: kind === 'base' ? 'visible' : 'none',
      ...(kind === 'base' ? {} : { 'text-offset': [0, -1.2] as [number, number] }),
    },
    paint: { 'text-color': hue ?? look.text, 'text-halo-color': look.halo, 'text-halo-width': 1.5 },
  }
}

/** Points and clusters are drawn pictures (`signs.ts`), counts are written over them; the count of a hexagon stands in it. */
function counts({ look, print }: Asked): LayerSpecification[] {
  const text = { 'text-font': FONTS, 'text-allow-overlap': true, 'text-ignore-placement': true }
  return [
    {
      id: 'cells-count', type: 'symbol', source: 'cells', minzoom: 10,
      layout: { ...text, 'text-field': ['to-string', ['get', 'count']], 'text-size': 12 * print },
      paint: { 'text-color': ['get', 'ink'] },
    },
    {
      id: 'cases', type: 'symbol', source: 'cases',
      layout: {
        ...text, 'icon-image': ['get', 'sign'], 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'symbol-sort-key': ['get', 'order'],
        'text-field': ['case', ['>', ['get', 'count'], 1], ['to-string', ['get', 'count']], ''], 'text-size': 13 * print,
      },
      paint: { 'text-color': look.count },
    },
  ]
}

/** A place that is shown or being chosen, within the circle of its accuracy. */
function place(look: Look): LayerSpecification[] {
  return [
    { id: 'place-area', type: 'fill', source: 'place', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': look.action, 'fill-opacity': 0.14 } },
    { id: 'place', type: 'symbol', source: 'place', filter: ['==', ['geometry-type'], 'Point'], layout: { 'icon-image': 'pin', 'icon-anchor': 'bottom', 'icon-allow-overlap': true } },
  ]
}
