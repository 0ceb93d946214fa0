// The acts a case offers, in the order a person thinks of them: what moves it on first, what is rarely wanted last.
import type { ActOut } from '../api/types.gen'

export interface Offer { act: string; name: ActOut['name']; acts: ActOut[] }

const FIRST: Record<string, string[]> = {
  reported: ['accept', 'self_resolve', 'reject', 'delegate', 'escalate'],
  accepted: ['dispatch', 'designate', 'delegate', 'escalate', 'merge', 'suspend'],
  handling: ['take', 'resolve', 'resolve_share', 'answer_help', 'extend', 'suspend', 'refuse', 'return', 'decline', 'progress', 'ask_extension', 'ask_help', 'ask_suspension', 'reassign', 'involve'],
  verifying: ['verify'],
  following_up: ['close', 'follow_up', 'decide'],
  suspended: ['resume'],
  closed: ['reopen', 'archive'],
  merged: ['unmerge'],
}
const CALLS = ['answer', 'lift', 'supervise', 'urge', 'instruct']

/** `main`: what moves the case on, the first of them the likeliest; `calls`: demands from outside the line; `rest`. */
export function arranged(status: string, acts: ActOut[]): { main: Offer[]; calls: Offer[]; rest: Offer[] } {
  const offers = new Map<string, Offer>()
  for (const act of acts) {
    const offer = offers.get(act.act)
    if (offer) offer.acts.push(act)
    else offers.set(act.act, { act: act.act, name: act.name, acts: [act] })
  }
  const take = (names: string[]) => names.flatMap((name) => { const o = offers.get(name); offers.delete(name); return o ? [o] : [] })
  const main = take(FIRST[status] ?? [])
  const calls = take(CALLS)
  return { main, calls, rest: [...offers.values()] }
}
