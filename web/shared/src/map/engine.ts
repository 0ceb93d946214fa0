// The one place that knows MapLibre: a chunk of its own, fetched with the first map. Its worker is a file of ours, its fonts are the desk's.
import TinySDF from '@mapbox/tiny-sdf'
import maplibre, { type GeoJSONSource, type LngLatBoundsLike, type Map } from 'maplibre-gl/dist/maplibre-gl-csp'
import worker from 'maplibre-gl/dist/maplibre-gl-csp-worker.js?url'
import 'maplibre-gl/dist/maplibre-gl.css'
import type { Feature, FeatureCollection, Position } from 'geojson'
import type { BasemapOut } from '../../api/types.gen'
import { SCHEME, basemap } from './basemap'
import { DARK, LIGHT } from './look'
import { type Cell, draw, signOf } from './signs'
import { CASES, FONTS, gridsOf, partsOf, styleOf, underOf } from './style'
import { type Box, type Drawn, type Place, type Seen, baseAway } from './view'
import { circle, hexagon } from './shapes'

maplibre.setWorkerUrl(worker)

export interface Given {
  layers: readonly Drawn[]
  /** Where its tiles lie, on our own host. */
  root: string
  dark: boolean
  english: boolean
  interactive: boolean
  /** Whether the wheel zooms: not where a page is scrolled past a small map. */
  wheel: boolean
  title: string
  /** What may be shown below. */
  base: BasemapOut | null
}

/** Counts by hexagon, as `GET /cases/map?shape=hex` answers; `size_m`: middle to corner, metres of the web's Mercator plane. */
export interface Heat { cells: readonly Cell[]; size_m: number }

let served: BasemapOut | undefined
/** All maps of the page have the same. */
function serve(base: BasemapOut | null): void {
  if (!base || served === base) return
  served = base
  maplibre.addProtocol(SCHEME, basemap(base, { away: () => { baseAway.value = true }, back: () => { baseAway.value = false } }))
}

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })
/** Pixels around a click that count as a hit. */
const REACH = 6
const around = (x: number, y: number): [[number, number], [number, number]] => [[x - REACH, y - REACH], [x + REACH, y + REACH]]

export class Engine {
  readonly map: Map
  private readonly given: Given

  /** Throws when the browser can draw no map (WebGL is switched off). */
  constructor(box: HTMLElement, given: Given, view: { centre?: [number, number] | undefined; zoom?: number | undefined; bounds?: Box | undefined }) {
    this.given = given
    const look = given.dark ? DARK : LIGHT
    const print = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
    serve(given.base)
    this.map = new maplibre.Map({
      container: box,
      style: styleOf({ layers: given.layers, look, dark: given.dark, english: given.english, print, root: window.location.origin + given.root, base: given.base }),
      ...(view.bounds ? { bounds: view.bounds as LngLatBoundsLike, fitBoundsOptions: { padding: 24, maxZoom: 17 } } : { center: view.centre ?? [114.06, 22.55], zoom: view.zoom ?? 11 }),
      minZoom: 4, maxZoom: 20, maxPitch: 0, dragRotate: false, pitchWithRotate: false, touchPitch: false, rollEnabled: false,
      interactive: given.interactive, scrollZoom: given.wheel, attributionControl: false, fadeDuration: 0, validateStyle: false, collectResourceTiming: false,
      localIdeographFontFamily: FONTS.map((f) => (f.includes(' ') ? `'${f}'` : f)).join(', '),
      locale: { 'Map.Title': given.title },
    })
    // the TinySDF within MapLibre 5.24 loses a glyph whose ink begins far right of its origin, such as （
    ;(this.map.style.glyphManager.constructor as unknown as { TinySDF: unknown }).TinySDF = TinySDF
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.map.on('styleimagemissing', ({ id }) => {
      const ratio = Math.max(2, Math.ceil(window.devicePixelRatio))
      const picture = draw(id, look, ratio, print)
      if (picture && !this.map.hasImage(id)) this.map.addImage(id, picture, { pixelRatio: ratio })
    })
  }

  /** Show these layers of grids and no other. */
  show(keys: readonly string[]): void {
    for (const { key } of this.given.layers) {
      for (const id of partsOf(key)) if (this.map.getLayer(id)) this.map.setLayoutProperty(id, 'visibility', keys.includes(key) ? 'visible' : 'none')
    }
  }

  /** Show the base map: our land is then seen through. */
  under(on: boolean): void {
    const look = this.given.dark ? DARK : LIGHT
    for (const id of underOf(this.given.base)) this.map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none')
    for (const { key, kind } of this.given.layers) {
      if (kind !== 'base') continue
      this.map.setPaintProperty(`${gridsOf(key)}-land`, 'fill-opacity', on ? 0 : 1)
      this.map.setPaintProperty(`${gridsOf(key)}-line`, 'line-color', on ? look.border : look.line)
    }
  }

  /** The base map was away: ask for its tiles anew. */
  again(): void {
    for (const id of underOf(this.given.base)) this.map.refreshTiles(id)
  }

  /** Outline these grids, of whatever layer. */
  choose(codes: readonly string[]): void {
    for (const { key } of this.given.layers) this.map.setFilter(`${gridsOf(key)}-chosen`, ['in', ['get', 'code'], ['literal', [...codes]]])
  }

  private put(source: string, features: Feature[]): void {
    void this.map.getSource<GeoJSONSource>(source)?.setData(collection(features))
  }

  cases(cells: readonly Cell[]): void {
    this.put('cases', cells.map((cell, i) => ({
      type: 'Feature', geometry: { type: 'Point', coordinates: [cell.lon, cell.lat] },
      properties: { at: i, count: cell.count, sign: signOf(cell), order: cell.overdue ? 2 : cell.soon ? 1 : 0 },
    })))
  }

  heat(heat: Heat | null): void {
    const look = this.given.dark ? DARK : LIGHT
    const cells = heat?.cells ?? []
    const most = Math.max(1, ...cells.map((c) => c.count))
    this.put('cells', cells.map((cell, i) => {
      const step = Math.min(4, Math.floor((Math.log(cell.count) / Math.log(most + 1)) * 5))
      const pale = this.given.dark ? step < 3 : step >= 3
      return { ...hexagon(cell.lon, cell.lat, heat?.size_m ?? 0), properties: { at: i, count: cell.count, colour: look.heat[step] ?? look.heat[0], ink: pale ? '#ffffff' : '#0b1526' } }
    }))
  }

  place(place: Place | null): void {
    if (!place) return this.put('place', [])
    const point: Feature = { type: 'Feature', geometry: { type: 'Point', coordinates: [place.lon, place.lat] }, properties: {} }
    this.put('place', [...(place.accuracy ? [circle(place.lon, place.lat, place.accuracy)] : []), point])
  }

  /** The outline of a drawn area: its corners in order. */
  area(corners: readonly Position[]): void {
    const [first] = corners
    this.put('area', first ? [{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...corners, first]] } }] : [])
  }

  /** What lies at a point of the screen: a case or cell first, then the grids of the layers shown. */
  at(x: number, y: number): Seen[] {
    const seen: Seen[] = this.map.queryRenderedFeatures(around(x, y), { layers: CASES }).map((f) => ({ kind: f.layer.id === 'cases' ? 'case' : 'cell', index: Number(f.properties['at']) }))
    for (const { key } of this.given.layers) {
      const [hit] = this.map.queryRenderedFeatures([x, y], { layers: [`${gridsOf(key)}-land`] })
      if (hit) seen.push({ kind: 'grid', layer: key, code: String(hit.properties['code']) })
    }
    return seen
  }

  /** Whether a click at this point hits a case or a cell. */
  over(x: number, y: number): boolean {
    return this.map.queryRenderedFeatures(around(x, y), { layers: CASES }).length > 0
  }

  fit(box: Box, most = 17): void {
    this.map.fitBounds(box as LngLatBoundsLike, { padding: 32, maxZoom: most, duration: 0 })
  }

  end(): void { this.map.remove() }
}
