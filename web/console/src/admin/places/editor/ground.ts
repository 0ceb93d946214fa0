// The grids of one layer and place, as they are in force: what the editor starts from.
import { computed, ref, shallowRef } from 'vue'
import type { Feature, FeatureCollection } from 'geojson'
import { placesExportGrids, placesListGrids, placesListLayers, placesReadArea } from '@wangge/shared/api/sdk.gen'
import type { AreaDetail, LayerOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { named } from '@wangge/shared/src/words'
import { nameOfArea } from '../words'
import { type Shapes, shapeOf } from './topology'

type Named = { code: string; name: string; name_en: string }
const NONE: Shapes = new Map()

export function useGround() {
  const layers = ref<LayerOut[]>([])
  const layer = ref('')
  const within = ref('')
  const area = shallowRef<AreaDetail | null>(null)
  const place = computed(() => (area.value ? nameOfArea(area.value) : ''))
  const shapes = shallowRef<Shapes>(NONE)
  const grids = shallowRef<Named[]>([])
  const names = computed<ReadonlyMap<string, string>>(() => new Map(grids.value.map((g) => [g.code, named(g.name, g.name_en)])))
  const loading = ref(true)
  const error = ref<unknown>(null)
  let turn = 0

  /** The community of the layer's first grid: somewhere to begin. */
  async function somewhere(key: string): Promise<string> {
    const found = await got(placesListGrids({ query: { layer: key, limit: 1 } }))
    return found.items[0]?.community ?? ''
  }
  return {
    layers, layer, within, place, shapes, names, loading, error,
    async load(key: string, code: string): Promise<void> {
      const my = ++turn
      loading.value = true
      error.value = null
      try {
        layers.value = await got(placesListLayers())
        const where = code || (await somewhere(key))
        const [there, found] = where
          ? await Promise.all([got(placesReadArea({ path: { code: where } })), got(placesExportGrids({ query: { layer: key, within: where } }))])
          : [null, { features: [] }]
        if (my !== turn) return
        const features = (found as unknown as FeatureCollection).features as Feature[]
        layer.value = key
        within.value = where
        area.value = there
        grids.value = features.map((f) => ({ ...(f.properties as Named), code: String(f.id) }))
        shapes.value = new Map(features.map((f) => [String(f.id), shapeOf(f.geometry as unknown as Parameters<typeof shapeOf>[0])]))
      } catch (e) {
        if (my === turn) error.value = e
      } finally {
        if (my === turn) loading.value = false
      }
    },
  }
}
