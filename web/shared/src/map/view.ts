// What a map is told and tells, without the map itself: this is loaded with the screen, the map when it is opened.
import { ref } from 'vue'
import { placesListLayers, placesReadBasemap } from '../../api/sdk.gen'
import type { BasemapOut, LayerOut } from '../../api/types.gen'
import { got } from '../call'

/** West, south, east, north in degrees. */
export type Box = [number, number, number, number]
/** A position, WGS 84 degrees; the accuracy in metres. */
export interface Place { lon: number; lat: number; accuracy?: number | null }
/** What a click hit: the case or cell of that place in the list given, or a grid. */
export type Seen = { kind: 'case' | 'cell'; index: number } | { kind: 'grid'; layer: string; code: string }
export interface Clicked { lon: number; lat: number; x: number; y: number; features: Seen[] }
export interface Moved { box: Box; centre: [number, number]; zoom: number }
/** A layer of grids as it is drawn. */
export type Drawn = Pick<LayerOut, 'key' | 'kind'>
/** Where a map is from: the address below which its tiles lie, its layers, and what lies below it. */
export interface Source { root: string; layers: () => Promise<readonly Drawn[]>; basemap: () => Promise<BasemapOut | null> }

let asked: Promise<LayerOut[]> | undefined
/** The layers of grids, the base first. Asked for once. */
export function loadLayers(): Promise<LayerOut[]> {
  asked ??= got(placesListLayers()).then((all) => [...all].sort((a, b) => Number(b.kind === 'base') - Number(a.kind === 'base') || a.key.localeCompare(b.key)))
  asked.catch(() => { asked = undefined })
  return asked
}

const KEPT = 'wangge.basemap'
/** Whether the base map is shown where the installation has one: as it was left in this browser. */
export const baseShown = ref(localStorage.getItem(KEPT) !== 'off')
/** It cannot be had at present. */
export const baseAway = ref(false)
export function showBase(on: boolean): void {
  baseShown.value = on
  localStorage.setItem(KEPT, on ? 'on' : 'off')
}

/** The base map that was answered; null: none. */
export const baseOf = (found: BasemapOut): BasemapOut | null => (found.tiles.length || found.archive ? found : null)
let named: Promise<BasemapOut | null> | undefined
/** The base map of the installation; null: none, and the map is our own alone. Asked for once. */
export function loadBasemap(): Promise<BasemapOut | null> {
  named ??= got(placesReadBasemap()).then(baseOf).catch(() => {
    named = undefined
    return null
  })
  return named
}

/** For who has logged in. */
export const STAFF: Source = { root: '/api/v1', layers: loadLayers, basemap: loadBasemap }
