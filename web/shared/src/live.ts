// Live events of the asker's scope (docs/live.md): one stream for the whole app. The browser resumes it by itself.
import { ref } from 'vue'
import type { CaseRow } from '../api/types.gen'
import { liveInfo } from '../api/sdk.gen'
import { got } from './call'

export interface CaseEvent { act: string; outcome: string | null; event: string; at: string; row: CaseRow }
export type Heard =
  | { kind: 'case'; data: CaseEvent }
  | { kind: 'gone'; data: { id: string } }
  | { kind: 'notice' | 'reset' | 'end' }

type Listener = (heard: Heard) => void
const listeners = new Set<Listener>()
/** off: not asked for; waiting: it broke and is tried again; on. */
export const liveState = ref<'off' | 'waiting' | 'on'>('off')
let source: EventSource | null = null

/** Hear what happens until the function that is answered is called. */
export function listen(to: Listener): () => void {
  listeners.add(to)
  return () => listeners.delete(to)
}

const tell = (heard: Heard) => { for (const listener of [...listeners]) listener(heard) }

export async function startLive(): Promise<void> {
  if (source) return
  const { url } = await got(liveInfo())
  if (source) return
  source = new EventSource(url, { withCredentials: true })
  liveState.value = 'waiting'
  source.addEventListener('open', () => { liveState.value = 'on' })
  source.addEventListener('error', () => { liveState.value = 'waiting' })
  const parsed = (event: Event) => JSON.parse((event as MessageEvent<string>).data)
  source.addEventListener('case', (e) => tell({ kind: 'case', data: parsed(e) }))
  source.addEventListener('gone', (e) => tell({ kind: 'gone', data: parsed(e) }))
  source.addEventListener('notice', () => tell({ kind: 'notice' }))
  source.addEventListener('reset', () => tell({ kind: 'reset' }))
  source.addEventListener('end', () => { stopLive(); tell({ kind: 'end' }) })
}

export function stopLive(): void {
  source?.close()
  source = null
  liveState.value = 'off'
}
