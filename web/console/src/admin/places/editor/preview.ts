// What the server says that a draft would do: asked for a moment after each step, and what it said last.
import { computed, ref, watch, type Ref } from 'vue'
import type { Feature, FeatureCollection, Geometry } from 'geojson'
import { placesPreviewChange } from '@wangge/shared/api/sdk.gen'
import type { ChangeIn, PlanOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { type Fault, faultsOf } from '../faults'

export interface Land { old: string; new: string; area_m2: number; feature: Feature }
export interface Made { code: string; change: 'made' | 'moved' | 'fitted'; name: string | null; feature: Feature }

const featuresOf = (found: unknown): Feature<Geometry>[] => (found as FeatureCollection<Geometry>).features
const PAUSE = 250

export function usePreview(body: Ref<ChangeIn | null>) {
  const plan = ref<PlanOut | null>(null)
  const error = ref<unknown>(null)
  const busy = ref(false)
  let turn = 0
  let later: ReturnType<typeof setTimeout> | undefined

  async function ask(): Promise<void> {
    const my = ++turn
    clearTimeout(later)
    error.value = null
    if (!body.value) {
      plan.value = null
      busy.value = false
      return
    }
    busy.value = true
    try {
      const found = await got(placesPreviewChange({ body: body.value }))
      if (my === turn) plan.value = found
    } catch (e) {
      if (my === turn) { error.value = e; plan.value = null }
    } finally {
      if (my === turn) busy.value = false
    }
  }
  watch(() => JSON.stringify(body.value), () => {
    turn++ // what is on its way is of a draft that is no more
    clearTimeout(later)
    if (!body.value) return void ask()
    busy.value = true
    later = setTimeout(ask, PAUSE)
  })
  return {
    plan, error, busy, ask,
    hands: computed<Land[]>(() => (plan.value ? featuresOf(plan.value.hands).map((f) => ({ ...(f.properties as Omit<Land, 'feature'>), feature: f })) : [])),
    grids: computed<Made[]>(() => (plan.value ? featuresOf(plan.value.grids).map((f) => ({ ...(f.properties as Omit<Made, 'feature'>), feature: f })) : [])),
    faults: computed<Fault[]>(() => (plan.value ? faultsOf(plan.value.faults) : [])),
  }
}
