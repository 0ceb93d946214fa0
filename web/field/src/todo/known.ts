// What the phone knows without the server: what is mine to do, the cases behind it, categories. Asked for anew whenever there is a network.
import { ref } from 'vue'
import { casesCounts, casesDetail, casesQueue } from '@wangge/shared/api/sdk.gen'
import type { BoxOut, CaseOut, CaseRow, CategoryOut } from '@wangge/shared/api/types.gen'
import { Failed, got } from '@wangge/shared/src/call'
import { allCategories, holdCategories, loadCategories } from '@wangge/shared/src/categories'
import { listen } from '@wangge/shared/src/live'
import { online, whenSent } from '../outbox/engine'
import { contacted } from '../entry'
import { around, may, me, type Work, work } from '../session'

export interface Pile { box: BoxOut; rows: CaseRow[] }
/** `mine`: what I reported and is still open. */
export interface Todo { piles: Pile[]; mine: CaseRow[] }
export const todo = ref<Todo | null>(null)
/** When it was heard from the server (ms). */
export const todoAt = ref(0)
export const todoError = ref<unknown>(null)
export const asking = ref(false)

/** Boxes that a phone is for: what one's posts give to do. Figures of whoever watches over others are the desk's. */
const HERE = new Set(['verify', 'handle', 'reworked', 'asked', 'follow_up'])
const OPEN = ['reported', 'accepted', 'handling', 'verifying', 'following_up', 'suspended'] as const
const TODO = 'todo'
const caseKey = (id: string) => `case:${id}`
/** The server cannot be reached, or is not well. */
export const isAway = (error: unknown): boolean => !(error instanceof Failed) || error.status === 0 || error.status >= 500

async function ask(): Promise<Todo> {
  const boxes = (await got(casesCounts())).boxes.filter((b) => HERE.has(b.key))
  const piles = await Promise.all(boxes.filter((b) => b.count).map(async (box) => ({ box, rows: (await got(casesQueue({ query: { ...(box.filter as object), limit: 50 } }))).items })))
  const mine = me.value?.id && may('cases.report') ? (await got(casesQueue({ query: { reporter: me.value.id, status: [...OPEN], sort: '-changed_at', limit: 30 } }))).items : []
  return { piles: [...piles, ...boxes.filter((b) => !b.count).map((box) => ({ box, rows: [] }))], mine }
}

let running: Promise<void> | undefined
/** Hear it anew; without a network what was kept. */
export function loadTodo(): Promise<void> {
  const open = work.value
  if (!open || !may('cases.read')) return Promise.resolve()
  running ??= (async () => {
    asking.value = true
    todoError.value = null
    try {
      if (!todo.value) {
        const kept = await open.kept.get<Todo>(TODO)
        if (kept && work.value === open) { todo.value = kept.value; todoAt.value = kept.at }
      }
      const heard = await ask()
      if (work.value !== open) return
      todo.value = heard
      todoAt.value = Date.now()
      await open.kept.put(TODO, heard)
      await contacted()
      void keepCases(open, heard)
    } catch (error) {
      if (!isAway(error) || !todo.value) todoError.value = error
    } finally {
      asking.value = false
      running = undefined
    }
  })()
  return running
}

const MOST_KEPT = 40
/** The cases behind it, so that they can be read and acted on without a network; what is done and gone is forgotten. */
async function keepCases(open: Work, { piles, mine }: Todo): Promise<void> {
  const rows = new Map([...piles.flatMap((p) => p.rows), ...mine].slice(0, MOST_KEPT).map((r) => [r.id, r]))
  const held = new Map((await open.kept.all<CaseOut>('case:')).map((k) => [k.value.id, k]))
  const stale = [...held.values()].filter((k) => !rows.has(k.value.id) && Date.now() - k.at > 86_400_000)
  await Promise.all(stale.map((k) => open.kept.drop(caseKey(k.value.id))))
  for (const row of rows.values()) {
    if (work.value !== open || !online.value) return
    if (held.get(row.id)?.value.version !== row.version) await detail(row.id, open).catch(() => undefined)
  }
}
async function detail(id: string, open: Work): Promise<CaseOut> {
  const found = await got(casesDetail({ path: { case: id } }))
  await open.kept.put(caseKey(id), found)
  return found
}
/** A case as the server tells it, else as it was kept; `at`: when it was heard, null: now. */
export async function caseOf(id: string): Promise<{ found: CaseOut; at: number | null }> {
  const open = work.value
  if (!open) throw new Error('locked')
  try {
    return { found: await detail(id, open), at: null }
  } catch (error) {
    const kept = isAway(error) ? await open.kept.get<CaseOut>(caseKey(id)) : null
    if (!kept) throw error
    return { found: kept.value, at: kept.at }
  }
}
/** What was kept of a case: shown while the server is asked. */
export const keptCase = async (id: string): Promise<CaseOut | null> => (await work.value?.kept.get<CaseOut>(caseKey(id)))?.value ?? null

/** Every case that the phone holds. */
export const keptCases = async (): Promise<CaseOut[]> => ((await work.value?.kept.all<CaseOut>('case:')) ?? []).map((k) => k.value)

/** The categories: kept ones at once, the server's as soon as they are there. */
export async function knowCategories(): Promise<void> {
  const open = work.value
  if (!open) return
  const kept = await open.kept.get<CategoryOut[]>('categories')
  if (kept) holdCategories(kept.value)
  await loadCategories().then(() => open.kept.put('categories', allCategories()), () => undefined)
}

let stop = (): void => undefined
let soon: ReturnType<typeof setTimeout> | undefined
const later = (): void => {
  clearTimeout(soon)
  soon = setTimeout(() => void loadTodo(), 1500) // a burst of events is one question
}
around(
  () => {
    void knowCategories()
    void loadTodo()
    const ends = [listen((heard) => { if (heard.kind !== 'end') later() }), whenSent(later)]
    stop = () => { for (const end of ends) end() }
  },
  () => {
    stop()
    clearTimeout(soon)
    todo.value = null
    todoAt.value = 0
  },
)
window.addEventListener('online', later)
