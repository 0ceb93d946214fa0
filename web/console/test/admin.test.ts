import { describe, expect, it } from 'vitest'
import { type Field, cleaned, fieldOf, lacking } from '../src/admin/parts/fields'
import { listOf } from '@wangge/shared/src/list'
import { cellsOf, changes, next, ticksOf } from '../src/admin/system/matrix'

describe('the fields of a form', () => {
  const fields: Field[] = [
    { name: 'name', label: 'Name', kind: 'text', required: true },
    { name: 'scope', label: 'Scope', kind: 'choice', required: true, only: (given) => (given['role'] === 'worker' ? ['grid'] : ['area']) },
    { name: 'grid', label: 'Grid', kind: 'pick', required: true, when: (given) => given['scope'] === 'grid' },
    { name: 'networks', label: 'Networks', kind: 'lines' },
    { name: 'ends', label: 'Until', kind: 'moment' },
  ]
  it('are only asked for when they matter, and a choice that is not offered any more counts as none', () => {
    expect(lacking(fields, { name: 'x', role: 'worker', scope: 'grid' }).map((f) => f.name)).toEqual(['grid'])
    expect(lacking(fields, { name: 'x', role: 'leader', scope: 'grid', grid: '1' }).map((f) => f.name)).toEqual(['scope'])
  })
  it('go out clean: no space around, lines as a list, nothing that was not asked', () => {
    expect(cleaned(fields, { name: ' 李 ', scope: 'area', grid: 'old', networks: '10.0.0.0/8\n\n 10.1.0.0/16 ', ends: '' }))
      .toEqual({ name: '李', scope: 'area', networks: ['10.0.0.0/8', '10.1.0.0/16'], ends: null })
  })
  it('are told their faults by the path of the API', () => {
    expect([fieldOf('body.login'), fieldOf('body.areas[2]'), fieldOf('body.posts[0].id')]).toEqual(['login', 'areas', 'posts'])
  })
})

describe('a list', () => {
  it('drops an answer that was overtaken and goes on by keyset', async () => {
    const asked: ((items: string[]) => void)[] = []
    const list = listOf<string>(() => new Promise((resolve) => { asked.push((items) => resolve({ items, next: 'n' })) }))
    const first = list.load()
    const second = list.load()
    asked[1]?.(['new'])
    asked[0]?.(['old'])
    await Promise.all([first, second])
    expect(list.rows).toEqual(['new'])
    const third = list.more()
    asked[2]?.(['more'])
    await third
    expect(list.rows).toEqual(['new', 'more'])
  })
})

describe('the matrix of notices', () => {
  it('goes round by clicks, mandatory only where one can opt out, and tells what was changed', () => {
    expect([next('off', 'sms'), next('on', 'sms'), next('must', 'sms'), next('on', 'in_app')]).toEqual(['on', 'must', 'off', 'off'])
    const before = ticksOf([{ event: 'overdue', who: 'lead', channel: 'sms', mandatory: false }])
    const now = new Map(before).set('overdue/lead/sms', 'must').set('closed/lead/in_app', 'off')
    expect(changes(before, now)).toEqual([{ key: 'overdue/lead/sms', before: 'on', now: 'must' }])
    expect(cellsOf(now)).toEqual([{ event: 'overdue', who: 'lead', channel: 'sms', mandatory: true }])
  })
})
