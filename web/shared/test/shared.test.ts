import { describe, expect, it } from 'vitest'
import type { ActOut, CaseOut } from '../api/types.gen'
import { begin, bodyOf, forget, missing } from '../src/acting'
import { spent, standingOf } from '../src/clock'
import { uuid7 } from '../src/ids'
import { fromWall, span, toWall } from '../src/time'
import { further } from '../src/ways'
import { fill, language, nameOf, named, words } from '../src/words'

describe('words', () => {
  it('follow the language that is spoken', () => {
    const w = words({ save: ['保存', 'Save'] })
    language.value = 'zh'
    expect([w.save, nameOf('status', 'handling'), named('福保', 'Fubao')]).toEqual(['保存', '处置中', '福保'])
    language.value = 'en'
    expect([w.save, nameOf('status', 'handling'), named('福保', 'Fubao'), named('福保', '')]).toEqual(['Save', 'In handling', 'Fubao', '福保'])
    language.value = 'zh'
  })
  it('show a value that this build does not know as it is', () => expect(nameOf('status', 'new_one')).toBe('new_one'))
  it('are filled in', () => expect(fill('{n} of {m} {x}', { n: 1, m: 2 })).toBe('1 of 2 '))
  it('tell one from many', () => expect([0, 1, 2].map((n) => fill('{n} {n:day|days} at {n}:{n}', { n }))).toEqual(['0 days at 0:0', '1 day at 1:1', '2 days at 2:2']))
})

describe('times', () => {
  it('of the wall are those of the installation, both ways', () => {
    expect(toWall('2026-11-20T16:30:00Z')).toBe('2026-11-21T00:30')
    expect(fromWall('2026-11-21T00:30')).toBe('2026-11-20T16:30:00.000Z')
  })
  it('are said in few words', () => {
    expect([span(30_000 * 2), span(3_600_000 * 5 + 60_000 * 20), span(86_400_000 * 3 + 3_600_000 * 4), span(86_400_000 * 25)]).toEqual(['1分', '5小时20分', '3天4小时', '25天'])
  })
})

describe('clocks', () => {
  it('tell their share and how they stand', () => {
    expect(spent('2026-11-20T00:00:00Z', '2026-11-20T10:00:00Z', Date.parse('2026-11-20T08:00:00Z'))).toBeCloseTo(0.8)
    const at = Date.parse('2026-11-20T08:00:00Z')
    expect([standingOf('2026-11-20T07:59:00Z', at), standingOf('2026-11-20T09:00:00Z', at), standingOf('2026-11-21T09:00:00Z', at), standingOf(null, at), standingOf('2026-11-20T07:00:00Z', at, true)])
      .toEqual(['late', 'soon', 'in-time', 'none', 'paused'])
  })
})

describe('an act', () => {
  const input = (name: string, kind: string, required = true) => ({ name, kind, required, label: { zh: name, en: name }, role: '', least: {}, must: {}, choices: [] })
  const act: ActOut = {
    act: 'verify', outcome: 'fail', name: { zh: '', en: '' }, effect: { zh: '', en: '' }, quiet: false, inputs: [input('note', 'text'), input('evidence', 'evidence', false), input('tags', 'tags')],
  }
  const found = { id: uuid7(), tags: ['夜间'], confidential: false, requests: [], demands: [] } as unknown as CaseOut
  it('asks for what is required, sends what was given, and says its outcome', () => {
    const given = begin(found, act)
    expect(missing(act, given)).toEqual(['note'])
    given['note'] = '  不干净 '
    expect(missing(act, given)).toEqual([])
    expect(bodyOf(act, given)).toEqual({ note: '不干净', tags: ['夜间'], outcome: 'fail' })
  })
  it('keeps what was typed until it is done', () => {
    expect(begin(found, act)['note']).toBe('  不干净 ')
    forget(found.id, act)
    expect(begin(found, act)['note']).toBeNull()
  })
})

it('ids are UUIDs of version 7, in the order of their making', () => {
  const id = uuid7()
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBeLessThanOrEqual(Date.now())
})

describe('after a log-in', () => {
  it('one goes on within the app and nowhere else', () => {
    expect(further('/queue?page=2')).toBe('/queue?page=2')
    for (const then of ['https://evil.example', '//evil.example', undefined, ['/a']]) expect(further(then)).toBe('/')
  })
})
