// What the address of the map says: the queue's filter, and where and how it is looked at.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Moved } from '@wangge/shared/src/map/view'
import { type Query, fromUrl, toUrl, without } from '../queue/filter'

export interface Shown {
  filter: Query
  /** Keys of the layers of grids. */
  layers: string[]
  heat: boolean
  centre: [number, number] | undefined
  zoom: number | undefined
}

const first = (value: LocationQuery[string] | undefined): string => [value].flat()[0] ?? ''

export function shownOf(query: LocationQuery): Shown {
  const [lon, lat, zoom] = first(query['at']).split(',').map(Number)
  const there = [lon, lat, zoom].every((n) => n !== undefined && Number.isFinite(n)) && Math.abs(lon ?? 200) <= 180 && Math.abs(lat ?? 100) <= 90
  return {
    filter: without(fromUrl(query), 'q', 'sort'), // a map has neither
    layers: first(query['layers']) ? first(query['layers']).split(',') : ['base'],
    heat: first(query['show']) === 'heat',
    centre: there ? [lon ?? 0, lat ?? 0] : undefined,
    zoom: there ? zoom : undefined,
  }
}

export function addressOf(shown: Pick<Shown, 'filter' | 'layers' | 'heat'>, view: Pick<Moved, 'centre' | 'zoom'> | undefined): LocationQueryRaw {
  return {
    ...toUrl(view ? without(shown.filter, 'box') : shown.filter), // once one has moved, the view says where
    ...(shown.layers.join() === 'base' ? {} : { layers: shown.layers.join() }),
    ...(shown.heat ? { show: 'heat' } : {}),
    ...(view ? { at: [view.centre[0].toFixed(5), view.centre[1].toFixed(5), view.zoom.toFixed(2)].join() } : {}),
  }
}

const STEP = 1e-6
/** The view as the API's box. */
export const boxOf = ({ box: [west, south, east, north] }: Moved): string =>
  [Math.max(-180, west), Math.max(-90, south), Math.min(180, Math.max(east, west + STEP)), Math.min(90, Math.max(north, south + STEP))].map((v) => Number(v.toFixed(6))).join()
