// The hand on the map: terra-draw, told what it may touch, telling what was drawn. It knows rings and lines, not grids.
import type { Map } from 'maplibre-gl'
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode, TerraDrawSelectMode } from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'
import type { Point, Ring } from './topology'

export interface Hand {
  /** Draw a line or a piece of land from now on; it is told when it is finished. */
  draw: (what: 'line' | 'land') => void
  /** The corners of this ring can be dragged, added in the middle of an edge, and taken away with the right button. */
  hold: (ring: Ring) => void
  /** Nothing is drawn or dragged. */
  rest: () => void
  end: () => void
}
export interface Told {
  /** Where a drawn point is meant to be: on a corner or border nearby. */
  snap: (at: Point) => Point | null
  drawn: (points: Point[]) => void
  /** The held ring while a corner is dragged, and when it was let go. */
  dragged: (ring: Ring) => void
  dropped: () => void
}

const ACTION = '#1c64d1'
const CORNER = { selectionPointColor: '#ffffff', selectionPointOutlineColor: ACTION, selectionPointOutlineWidth: 2, selectionPointWidth: 5 } as const
const MIDDLE = { midPointColor: ACTION, midPointOpacity: 0.55, midPointOutlineColor: '#ffffff', midPointOutlineWidth: 1, midPointWidth: 3.5 } as const
const HELD = { selectedPolygonColor: ACTION, selectedPolygonFillOpacity: 0.06, selectedPolygonOutlineColor: ACTION, selectedPolygonOutlineWidth: 2.5 } as const
const DIGITS = 9

export function handOn(map: Map, told: Told): Hand {
  const toCustom = (event: { lng: number; lat: number }) => {
    const at = told.snap([event.lng, event.lat])
    return at ? [...at] : undefined
  }
  const drawn = { snapping: { toCustom }, pointerDistance: 12 }
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: DIGITS }),
    modes: [
      new TerraDrawSelectMode({
        allowManualSelection: false, allowManualDeselection: false, pointerDistance: 12,
        keyEvents: { deselect: null, delete: null, rotate: null, scale: null },
        styles: { ...CORNER, ...MIDDLE, ...HELD },
        flags: { polygon: { feature: { draggable: false, selfIntersectable: true, coordinates: { draggable: true, midpoints: { draggable: true }, deletable: true } } } },
      }),
      new TerraDrawLineStringMode({ ...drawn, styles: { lineStringColor: ACTION, lineStringWidth: 2, closingPointColor: ACTION } }),
      new TerraDrawPolygonMode({ ...drawn, styles: { fillColor: ACTION, fillOpacity: 0.12, outlineColor: ACTION, outlineWidth: 2, closingPointColor: ACTION } }),
    ],
  })
  let held: string | number | undefined
  draw.start()
  draw.on('change', (ids, type, context) => {
    if (type !== 'update' || held === undefined || !ids.includes(held) || (context && 'origin' in context && context.origin === 'api')) return
    const found = draw.getSnapshotFeature(held)
    if (found?.geometry.type === 'Polygon') told.dragged(found.geometry.coordinates[0] as unknown as Ring)
  })
  draw.on('finish', (id, { action }) => {
    if (action !== 'draw') return told.dropped()
    const found = draw.getSnapshotFeature(id)
    const points = found?.geometry.type === 'Polygon' ? found.geometry.coordinates[0]?.slice(0, -1) : found?.geometry.type === 'LineString' ? found.geometry.coordinates : []
    draw.removeFeatures([id])
    told.drawn((points ?? []) as unknown as Point[])
  })
  const clear = () => {
    held = undefined
    draw.clear()
  }
  return {
    draw: (what) => { clear(); draw.setMode(what === 'line' ? 'linestring' : 'polygon') },
    hold: (ring) => {
      clear()
      draw.setMode('select')
      const [added] = draw.addFeatures([{ type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring.map((p) => [...p])] }, properties: { mode: 'polygon' } }])
      if (added?.valid && added.id !== undefined) {
        held = added.id
        draw.selectFeature(added.id)
      }
    },
    rest: () => { clear(); draw.setMode('static') },
    end: () => { if (draw.enabled) draw.stop() },
  }
}
