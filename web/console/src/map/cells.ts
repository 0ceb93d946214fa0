// The cases of the view by cell, asked anew when one moves, filters, or hears of a change that would be seen.
import { onUnmounted, ref, shallowRef } from 'vue'
import { casesCases } from '@wangge/shared/api/sdk.gen'
import type { MapOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { listen } from '@wangge/shared/src/live'
import type { Moved } from '@wangge/shared/src/map/view'
import { type Query, matches, without } from '../queue/filter'
import { boxOf } from './asked'

/** At the most one question a second follows what happens. */
const CALM = 1000

export function useCells() {
  const found = shallowRef<MapOut | null>(null)
  const loading = ref(false)
  const error = ref<unknown>(null)
  let asked: { filter: Query; view: Moved; heat: boolean } | undefined
  let turn = 0
  let soon: ReturnType<typeof setTimeout> | undefined

  async function again(): Promise<void> {
    if (!asked) return
    const my = ++turn
    loading.value = true
    error.value = null
    const { filter, view, heat } = asked
    try {
      const answer = await got(casesCases({ query: { ...without(filter, 'q', 'sort'), box: boxOf(view), zoom: Math.max(0, view.zoom), shape: heat ? 'hex' : 'square' } }))
      if (my === turn) found.value = answer
    } catch (e) {
      if (my === turn) error.value = e
    } finally {
      if (my === turn) loading.value = false
    }
  }
  function load(filter: Query, view: Moved, heat: boolean): Promise<void> {
    asked = { filter, view, heat }
    return again()
  }

  const stop = listen((heard) => {
    if (!asked || soon || (heard.kind !== 'case' && heard.kind !== 'gone' && heard.kind !== 'reset')) return
    if (heard.kind === 'case') {
      const shown = found.value?.cells.some((c) => c.case?.id === heard.data.row.id)
      // of clusters nobody knows which cases are in them: what is in the view may have been there
      const { lon, lat } = heard.data.row
      const [west, south, east, north] = asked.view.box
      const inView = lon !== null && lat !== null && lon >= west && lon <= east && lat >= south && lat <= north
      if (!shown && !inView && !matches(heard.data.row, without(asked.filter, 'box'), Date.now())) return
    }
    soon = setTimeout(() => { soon = undefined; void again() }, CALM)
  })
  onUnmounted(() => { stop(); clearTimeout(soon) })
  return { found, loading, error, load, again }
}
