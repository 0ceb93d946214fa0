// The matrix of notices as it is edited: which cells are ticked, and what was changed since it was read. A cell is event/who/channel.
import type { CellIn, CellOut } from '@wangge/shared/api/types.gen'

/** off · on · must (nobody can opt out). */
export type Tick = 'off' | 'on' | 'must'
export type Ticks = Map<string, Tick>
export const keyOf = (event: string, who: string, channel: string): string => `${event}/${who}/${channel}`

export const ticksOf = (cells: CellOut[]): Ticks => new Map(cells.map((c) => [keyOf(c.event, c.who, c.channel), c.mandatory ? 'must' : 'on']))

export function cellsOf(ticks: Ticks): CellIn[] {
  return [...ticks].filter(([, tick]) => tick !== 'off').map(([key, tick]) => {
    const [event, who, channel] = key.split('/') as [CellIn['event'], CellIn['who'], CellIn['channel']]
    return { event, who, channel, mandatory: tick === 'must' }
  })
}

/** What is not as it was: the cell, before and now. */
export function changes(before: Ticks, now: Ticks): { key: string; before: Tick; now: Tick }[] {
  return [...new Set([...before.keys(), ...now.keys()])]
    .map((key) => ({ key, before: before.get(key) ?? 'off', now: now.get(key) ?? 'off' }))
    .filter((c) => c.before !== c.now)
}

/** Systems are told by webhook, persons by everything else. */
export const fits = (who: string, channel: string): boolean => (who === 'subscriber') === (channel === 'webhook')
/** Only what leaves the system can be opted out of, and so be mandatory. */
export const canBeMust = (channel: string): boolean => channel === 'email' || channel === 'sms'
/** What a click makes of it. */
export const next = (tick: Tick, channel: string): Tick => (tick === 'off' ? 'on' : tick === 'on' && canBeMust(channel) ? 'must' : 'off')
