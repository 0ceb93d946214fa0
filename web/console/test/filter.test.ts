import { describe, expect, it } from 'vitest'
import type { CaseRow } from '@wangge/shared/api/types.gen'
import { corners, fromUrl, matches, narrowing, said, toUrl } from '../src/queue/filter'

const NOW = Date.parse('2026-11-20T08:00:00Z')
const row = (change: Partial<CaseRow> = {}): CaseRow => ({
  id: '1', number: '4403040102026112000001', status: 'handling', version: 2, urgency: 'normal', channel: 'hotline', category: 'c', category_name: '', category_name_en: '',
  title: '', address: '', district: '440304', street: '440304010', community: '440304010001', grid: null, lon: 114.05, lat: 22.52, confidential: false, lead: 'u1',
  lead_name: '', lead_name_en: '', holder: 'h1', holder_name: '', holder_name_en: '', stage: 'handle', due_at: '2026-11-20T07:00:00Z', reported_at: '2026-11-19T00:00:00Z',
  changed_at: '2026-11-19T00:00:00Z', closed_at: null, assisting: ['u2'], overdue_at: null, review_at: null, returns: 0, rework: 0, reopened: 0, extensions: 0, urges: 0,
  demands_open: 0, supervision: null, designated: false, self_resolved: false, tags: ['夜间'], merged_into: null, follow_up: null, rating: null, ...change,
})

describe('the address and the filter', () => {
  it('say the same', () => {
    const query = { status: ['reported', 'accepted'], overdue: true, unit: 'u1', q: '路灯', sort: 'due_at' } as const
    expect(fromUrl(toUrl(query) as never)).toEqual(query)
  })
  it('leave out what says nothing, and what is not known', () => {
    expect(toUrl({ status: [], tag: '', lead: null, sort: '-reported_at' })).toEqual({})
    expect(fromUrl({ nonsense: '1', overdue: 'perhaps', status: 'closed' })).toEqual({ status: ['closed'] })
  })
  it('counts only what narrows', () => {
    expect(narrowing({ status: ['closed'], overdue: false, tag: '', q: 'x' } as never)).toEqual(['status', 'overdue'])
  })
})

describe('a row that a live event tells of', () => {
  const yes: [string, Parameters<typeof matches>[1], Partial<CaseRow>?][] = [
    ['anything', {}], ['its status', { status: ['handling'] }], ['overdue', { overdue: true }], ['in time', { overdue: false }, { due_at: '2026-11-20T09:00:00Z' }],
    ['no limit is not overdue', { overdue: false }, { due_at: null }], ['lead', { unit: 'u1' }], ['assisting', { unit: 'u2' }], ['tag', { tag: '夜间' }],
    ['located', { located: true }], ['box', { box: '114,22.5,114.1,22.6' }], ['from', { reported_from: '2026-11-19T00:00:00Z' }],
  ]
  const no: [string, Parameters<typeof matches>[1], Partial<CaseRow>?][] = [
    ['another status', { status: ['closed'] }], ['closed is not overdue', { overdue: true }, { closed_at: '2026-11-20T07:30:00Z' }], ['before the end, not at it', { reported_to: '2026-11-19T00:00:00Z' }],
    ['another unit', { unit: 'u3' }], ['unlocated', { box: '114,22.5,114.1,22.6' }, { lon: null, lat: null }], ['supervision', { supervision: ['key'] }],
    ['who reported is not told', { reporter: 'p' }], ['what a search finds is the server’s to say', { q: 'x' }],
  ]
  it.each(yes)('is wanted: %s', (_, query, change) => expect(matches(row(change), query, NOW)).toBe(true))
  it.each(no)('is not wanted: %s', (_, query, change) => expect(matches(row(change), query, NOW)).toBe(false))
})

it('a drawn area holds what lies in it, and nothing without a place', () => {
  const within = said([[114, 22], [115, 22], [115, 23], [114.5, 22.5], [114, 23]]) // a roof with a notch
  const at = (lon: number | null, lat: number | null) => matches(row({ lon, lat }), { within }, NOW)
  expect([at(114.5, 22.2), at(114.5, 22.8), at(113.9, 22.5), at(null, null)]).toEqual([true, false, false, false])
  expect(corners(within)).toHaveLength(5)
})
