import { expect, it } from 'vitest'
import { captureOf } from '../src/captured'

const at = '2026-11-20T09:00:00Z'
const told = (data: Record<string, unknown>) => captureOf({ at, data }).map((s) => `${s.odd ? '!' : ''}${s.text}`)

it('says when a step was captured, if it was long before it came, and what is odd about it', () => {
  expect(told({})).toEqual([])
  expect(told({ captured_at: '2026-11-20T08:55:00Z', clock_ahead_s: 3 })).toEqual([])
  expect(told({ captured_at: '2026-11-20T06:00:00Z', clock_ahead_s: 10_800, captured_m: 950, odd: ['clock', 'place'] }))
    .toEqual(['2026-11-20 14:00 在手机上采集', '!手机时钟快 180 分钟，时间已换算', '!采集时手机距案件位置 950 米'])
  expect(told({ captured_at: at, clock_ahead_s: -600, odd: ['clock', 'late', 'time'] }))
    .toEqual(['!手机时钟慢 10 分钟，时间已换算', '!采集一天以后才送达', '!采集时间与案件时间不符'])
})
it('tells how far a photo was taken where a step knows that alone', () => {
  expect(told({ metres_away: 150 })).toEqual([])
  expect(told({ metres_away: 900 })).toEqual(['!采集时手机距案件位置 900 米'])
})
