// The layers of grids, for selects and names: asked for when a screen opens.
import { type Ref, onMounted, ref } from 'vue'
import { placesListLayers } from '@wangge/shared/api/sdk.gen'
import type { LayerOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'

/** All layers, the base ones first; empty until they are there, and where they cannot be had the screen's own list says why. */
export function allLayers(): Ref<LayerOut[]> {
  const found = ref<LayerOut[]>([])
  onMounted(async () => { found.value = await got(placesListLayers()).catch(() => []) })
  return found
}
