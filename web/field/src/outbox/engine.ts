// When the outbox is carried to the server: on open, on focus, on network, after each capture, and when the time of a failed one has come;
// by one tab at a time. The key is in the page alone, so a worker in the background could not.
import { computed, reactive, ref } from 'vue'
import { ifFree } from '../kept/alone'
import { measure } from '../kept/room'
import { filesUnsentIn, unsentIn } from '../kept/store'
import { contacted } from '../entry'
import { around, type Work, work } from '../session'
import { lookForNew, tooOld } from '../shell/worker'
import { askToBeWoken, whenWoken } from './background'
import { door, offset } from './door'
import type { Media } from './media'
import { isUnderWay, type Operation } from './queue'
import { sync } from './sync'

export const online = ref(navigator.onLine)
/** The outbox as it is shown, newest first, and the files of each operation. */
export const operations = ref<Operation[]>([])
export const files = ref<Media[]>([])
/** Whether the outbox was looked at since the work was opened: before, nothing is said of what has arrived. */
export const looked = ref(false)
export const unsent = ref(0)
export const filesUnsent = ref(0)
/** Being carried now. */
export const busy = ref(false)
/** How the last round ended; null: none yet. */
export const reached = ref<boolean | null>(null)
/** Bytes that are safe, of the files under way. */
export const bytes = reactive(new Map<string, number>())
export const needsPerson = computed(() => operations.value.filter((o) => o.standing === 'refused' || o.standing === 'conflict').length + files.value.filter((f) => f.standing === 'refused').length)
export const mayDrop = (o: Operation): boolean => !isUnderWay(o) && o.standing !== 'sent'

const DAY = 86_400_000
const [AWAY, LONGEST] = [5_000, 60_000]
let timer: ReturnType<typeof setTimeout> | undefined
const heardOf = new Set<(cases: string[]) => void>()
/** Hear of cases whose operations reached the server. */
export function whenSent(act: (cases: string[]) => void): () => void {
  heardOf.add(act)
  return () => heardOf.delete(act)
}

export async function look(open: Work | null = work.value): Promise<void> {
  if (!open) return
  const [all, media, left, filesLeft] = await Promise.all([open.box.all(), open.files.all(), unsentIn(open.store), filesUnsentIn(open.store)])
  if (work.value !== open) return
  operations.value = all.reverse()
  files.value = media.filter((m) => m.standing !== 'draft')
  unsent.value = left
  filesUnsent.value = filesLeft
  looked.value = true
}

/** A file under way gives way to what is captured meanwhile. */
let giving = new AbortController()
let again = false

/** Carry it now. `woken`: there is a network again, or the person asked: nobody waits for their time. */
export async function kick(woken = false): Promise<void> {
  const open = work.value
  if (!open) return
  await look(open)
  await carryOn(open, woken)
}
/** After a capture: answers when it is shown as not sent, and carries it meanwhile. */
export async function captured(): Promise<void> {
  const open = work.value
  if (!open) return
  await look(open)
  void carryOn(open, true)
}
async function carryOn(open: Work, woken: boolean): Promise<void> {
  if (woken && operations.value.some((o) => o.standing === 'waiting' && o.next)) await open.box.wake()
  if (!navigator.onLine) { // it says when there is one again
    if (unsent.value || filesUnsent.value) void askToBeWoken()
    return
  }
  if (busy.value) {
    again = true
    if (operations.value.some((o) => o.standing === 'waiting')) giving.abort()
    return
  }
  const before = new Set(operations.value.filter((o) => o.standing === 'sent').map((o) => o.id))
  await ifFree(`${open.store.name} sync`, () => carry(open))
  if (work.value !== open) return
  await look(open)
  void measure(reached.value === true) // what was sent has freed its room
  const fresh = operations.value.filter((o) => o.standing === 'sent' && !before.has(o.id)).map((o) => o.case)
  if (fresh.length) for (const act of heardOf) act(fresh)
  if (again) {
    again = false
    void kick()
  }
}
async function carry(open: Work): Promise<void> {
  if (!unsent.value && !filesUnsent.value) return
  busy.value = true
  giving = new AbortController()
  try {
    const ended = await sync(open.box, open.files, {
      ...door,
      send: (file, progress) => {
        void look(open) // what went before it
        return door.send(file, (n) => { bytes.set(file.id, n); progress(n) }, giving.signal)
      },
    })
    reached.value = ended.how === 'done' || ended.how === 'later'
    tooOld.value = ended.how === 'old'
    if (tooOld.value) lookForNew()
    if (reached.value) await contacted()
    if (ended.how === 'away') void askToBeWoken()
    plan(ended.how === 'later' ? Math.min(LONGEST, Math.max(1000, ended.at - Date.now())) : ended.how === 'away' ? AWAY : LONGEST)
  } finally {
    busy.value = false
  }
}
function plan(after: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => void kick(), after)
}

around(
  (open) => {
    if (navigator.onLine) void offset().catch(() => undefined) // known before the first report
    void open.box.tidy(Date.now() - DAY).then(() => kick(true))
  },
  () => {
    clearTimeout(timer)
    looked.value = false
    operations.value = []
    files.value = []
    bytes.clear()
  },
)
window.addEventListener('online', () => { online.value = true; void kick(true) })
whenWoken(() => void kick(true))
window.addEventListener('offline', () => { online.value = false })
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') void kick(true) })
