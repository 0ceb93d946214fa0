// A rule as it is read: for what, where, when.
import type { RouteOut } from '@wangge/shared/api/types.gen'
import { categoryName, categoryOf } from '@wangge/shared/src/categories'
import { areaName } from '@wangge/shared/src/places'
import { isChinese, words } from '@wangge/shared/src/words'
import { valueName } from './values'

const w = words({ all: ['全部类别', 'All categories'], everywhere: ['全部区域', 'Everywhere'], grid: ['网格 {code}', 'Grid {code}'], layer: ['{layer} 图层内', 'within layer {layer}'], next: ['次日', 'next day'] })
type Rule = Pick<RouteOut, 'category' | 'area' | 'grid' | 'layer' | 'weekdays' | 'day_kind' | 'start_minute' | 'end_minute'>

export const clock = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
export const minuteOf = (text: string): number => { const [h = 0, m = 0] = text.split(':').map(Number); return h * 60 + m }
/** Monday is 1. */
export const weekdayName = (n: number): string => new Intl.DateTimeFormat(isChinese.value ? 'zh-CN' : 'en', { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2024, 0, n))

export const what = (r: Rule): string => (r.category ? `${categoryOf(r.category)?.code ?? ''} ${categoryName(r.category)}` : w.all)
export const where = (r: Rule): string => [r.grid ? w.grid.replace('{code}', r.grid) : r.area ? areaOf(r.area) : w.everywhere, r.layer && !r.grid ? w.layer.replace('{layer}', r.layer) : ''].filter(Boolean).join(' · ')
export function when(r: Rule): string {
  const days = r.weekdays.length ? r.weekdays.map(weekdayName).join(' ') : valueName('day_kind', r.day_kind)
  if (r.start_minute === 0 && r.end_minute === 1440) return r.weekdays.length && r.day_kind !== 'any' ? `${days} · ${valueName('day_kind', r.day_kind)}` : days
  return `${days} ${clock(r.start_minute)}–${r.end_minute < r.start_minute ? `${w.next} ` : ''}${clock(r.end_minute)}`
}
/** Streets and communities have their names here; of a province, city or district the code is told. */
export const areaOf = (code: string): string => (code.length >= 9 ? areaName(code) : code)
