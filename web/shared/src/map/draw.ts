// Drawing a line or an area on a map: a chunk of its own, fetched with the first drawing.
import type { Map } from 'maplibre-gl'
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode, ValidateNotSelfIntersecting } from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'

export type Kind = 'line' | 'area'
/** Corners in the order in which they were drawn; of an area without the first again at the end. */
type Heard = (corners: [number, number][]) => void

/** Draw until the function that is answered is called. A click sets a corner, a click on the last (of an area: the first) or Enter ends, Esc begins anew. */
export function draw(map: Map, kind: Kind, colour: `#${string}`, on: { change: Heard; finish: Heard }): () => void {
  const line = { lineStringColor: colour, lineStringWidth: 2, closingPointColor: colour, closingPointOutlineColor: '#ffffff' } as const
  const area = { fillColor: colour, fillOpacity: 0.1, outlineColor: colour, outlineWidth: 2, closingPointColor: colour, closingPointOutlineColor: '#ffffff' } as const
  const made = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, prefixId: 'draw' }),
    modes: [
      new TerraDrawLineStringMode({ styles: line }),
      // an area whose edges cross is no area: it is not ended there
      new TerraDrawPolygonMode({ styles: area, validation: (feature, { updateType }) => (updateType === 'finish' || updateType === 'commit' ? ValidateNotSelfIntersecting(feature) : { valid: true }) }),
    ],
  })
  const corners = (): [number, number][] => {
    const shape = made.getSnapshot().map((f) => f.geometry).find((g) => g.type === (kind === 'line' ? 'LineString' : 'Polygon'))
    if (shape?.type === 'LineString') return shape.coordinates as [number, number][]
    return shape?.type === 'Polygon' ? (shape.coordinates[0] ?? []).slice(0, -1) as [number, number][] : []
  }
  made.start()
  made.setMode(kind === 'line' ? 'linestring' : 'polygon')
  made.on('change', () => on.change(corners()))
  made.on('finish', () => on.finish(corners()))
  return () => made.stop()
}
