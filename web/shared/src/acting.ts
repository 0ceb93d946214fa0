// Acts on a case: what was typed is kept until it was done, whatever happens to the form.
import { client } from '../api/client.gen'
import { casesDetail } from '../api/sdk.gen'
import type { ActOut, CaseOut, InputOut, StateOut } from '../api/types.gen'
import { got } from './call'

export type Given = { [name: string]: unknown }
export const actKey = (act: Pick<ActOut, 'act' | 'outcome'>): string => (act.outcome ? `${act.act}:${act.outcome}` : act.act)

/** Acts that count a case's limit anew, from when its clock started. */
export const RECOUNTS = ['set_urgency', 'reclassify']

const drafts = new Map<string, Given>()
const draftKey = (caseId: string, act: ActOut) => `${caseId} ${actKey(act)}`

/** What was typed for this act before, else what the case suggests. */
export function begin(found: CaseOut, act: ActOut): Given {
  const kept = drafts.get(draftKey(found.id, act))
  if (kept) return kept
  const given: Given = {}
  for (const input of act.inputs) given[input.name] = suggested(found, act, input)
  drafts.set(draftKey(found.id, act), given)
  return given
}
export const forget = (caseId: string, act: ActOut): boolean => drafts.delete(draftKey(caseId, act))
/** Everything typed anywhere: a log-out leaves nothing behind for the next person at this desk. */
export const forgetAll = (): void => drafts.clear()

function suggested(found: CaseOut, act: ActOut, input: InputOut): unknown {
  switch (input.kind) {
    case 'tags': return [...found.tags]
    case 'flag': return !found.confidential
    case 'units':
    case 'evidence': return []
    case 'files': return found.evidence.filter((e) => e.cleared_at).map((e) => e.id)
    case 'text': return input.name === 'public_text' ? found.public_text : null
    case 'request': return waiting(found, act.act)[0]?.id ?? null
    case 'demand': return demands(found, act.act)[0]?.id ?? null
    default: return null
  }
}

const ANSWERS: Record<string, string[]> = { answer_help: ['help'], refuse: ['extension', 'suspension'] }
/** Requests that wait for the answer that an act gives. */
export const waiting = (found: CaseOut, act: string) => found.requests.filter((r) => !r.answered_at && ANSWERS[act]?.includes(r.kind))
/** Demands that an act can be about: those to be answered, or those to be lifted. */
export const demands = (found: CaseOut, act: string) => found.demands.filter((d) => !d.lifted_at && (act !== 'answer' || !d.answered_at))

const empty = (value: unknown) => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)

/** Names of required inputs that are still empty. */
export const missing = (act: ActOut, given: Given): string[] => act.inputs.filter((i) => i.required && i.kind !== 'tags' && empty(given[i.name])).map((i) => i.name)

/** What goes to the server: nothing that was left empty, no space around texts. */
export function bodyOf(act: ActOut, given: Given): Given {
  const body: Given = {}
  for (const input of act.inputs) {
    const value = given[input.name]
    if (input.kind === 'tags') body[input.name] = value
    else if (!empty(value)) body[input.name] = typeof value === 'string' ? value.trim() : value
  }
  if (act.outcome) body['outcome'] = act.outcome
  return body
}

export const detailOf = (id: string): Promise<CaseOut> => got(casesDetail({ path: { case: id } }))

/** Do it, as of the version that was shown. Throws Failed: 409 when something happened that one has to know of. */
export function perform(found: Pick<CaseOut, 'id' | 'version'>, act: ActOut, given: Given): Promise<StateOut> {
  return got(client.post<{ 200: StateOut }>({
    url: `/api/v1/cases/{case}/${act.act.replaceAll('_', '-')}`,
    path: { case: found.id },
    body: { ...bodyOf(act, given), version: found.version },
    headers: { 'Content-Type': 'application/json' },
  }))
}
