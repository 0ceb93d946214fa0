// The rows of the queue: page after page by keyset, and live. A row that changes is changed where it stands; new ones are counted, and
// shown when asked for, so that nothing moves under the eyes.
import { reactive, ref, shallowRef } from 'vue'
import { casesQueue, searchSearch } from '@wangge/shared/api/sdk.gen'
import type { CaseRow, HighlightOut, StateOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { type Heard, listen } from '@wangge/shared/src/live'
import { type Query, matches } from './filter'

export type Row = CaseRow & { highlights?: HighlightOut[] }
/** Rows of the first page, which one waits for, and of those that come while one scrolls. */
const FIRST = 50
const NEXT = 100

export function useList() {
  const rows = shallowRef<Row[]>([])
  const next = ref<string | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  /** Other rows were asked for than those that are there. */
  const old = ref(false)
  const error = ref<unknown>(null)
  /** Ids of cases that would be in the list and are not, of rows that changed, and of rows that left one's scope. */
  const fresh = reactive(new Set<string>())
  const changed = reactive(new Set<string>())
  const gone = reactive(new Set<string>())
  const stale = ref(false)
  const mine = new Map<string, number>() // id → version that I made myself: no news to me
  let query: Query = {}
  let turn = 0

  async function fetch(after: string | null) {
    const { q, sort, ...filter } = query
    const common = { ...filter, after, limit: after ? NEXT : FIRST }
    return q
      ? await got(searchSearch({ query: { ...common, q, sort: sort === '-reported_at' ? sort : 'rank' } }))
      : await got(casesQueue({ query: { ...common, sort: (sort ?? '-reported_at') as '-reported_at' } }))
  }

  /** Load from the start. The old rows stay until the new ones are there. */
  async function load(asked: Query): Promise<void> {
    query = asked
    const my = ++turn
    loading.value = true
    old.value = loaded.value
    error.value = null
    try {
      const page = await fetch(null)
      if (my !== turn) return
      for (const set of [fresh, changed, gone]) set.clear()
      stale.value = false
      rows.value = page.items
      next.value = page.next ?? null
      loaded.value = true
    } catch (e) {
      if (my === turn) error.value = e
    } finally {
      if (my === turn) loading.value = old.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value || loading.value) return
    const my = turn
    loading.value = true
    error.value = null
    try {
      const page = await fetch(next.value)
      if (my !== turn) return
      const known = new Set(rows.value.map((r) => r.id))
      rows.value = [...rows.value, ...page.items.filter((r) => !known.has(r.id))]
      next.value = page.next ?? null
    } catch (e) {
      if (my === turn) error.value = e
    } finally {
      if (my === turn) loading.value = false
    }
  }

  function put(row: Row, news: boolean): boolean {
    const at = rows.value.findIndex((r) => r.id === row.id)
    const old = rows.value[at]
    if (!old) return false
    if (row.version < old.version) return true
    rows.value = rows.value.with(at, { ...row, ...(old.highlights ? { highlights: old.highlights } : {}) }) // another array: the table looks again
    gone.delete(row.id)
    if (news && row.version > old.version) changed.add(row.id)
    return true
  }

  function hear(heard: Heard): void {
    if (heard.kind === 'case') {
      const { row } = heard.data
      const own = (mine.get(row.id) ?? 0) >= row.version
      if (!put(row, !own)) {
        if (matches(row, query, Date.now())) fresh.add(row.id)
        else fresh.delete(row.id)
      }
    } else if (heard.kind === 'gone') {
      if (rows.value.some((r) => r.id === heard.data.id)) gone.add(heard.data.id)
      fresh.delete(heard.data.id)
    } else if (heard.kind === 'reset') stale.value = true
  }

  /** What an act of mine answered. */
  function acted(state: StateOut): void {
    mine.set(state.id, state.version)
    const old = rows.value.find((r) => r.id === state.id)
    if (old) put({ ...old, ...state }, false)
  }

  return { rows, next, loading, loaded, old, error, fresh, changed, gone, stale, load, more, acted, seen: (id: string) => changed.delete(id), stop: listen(hear) }
}
