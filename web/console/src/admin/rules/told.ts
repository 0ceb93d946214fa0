// A rule as it is read: for what, where, when.
import { reactive } from 'vue'
import { placesReadArea } from '@wangge/shared/api/sdk.gen'
import type { RouteOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { categoryName, categoryOf } from '@wangge/shared/src/categories'
import { areaName } from '@wangge/shared/src/places'
import { isChinese, named, words } from '@wangge/shared/src/words'
import { valueName } from './values'

const w = words({ all: ['全部类别', 'All categories'], everywhere: ['全部区域', 'Everywhere'], grid: ['网格 {code}', 'Grid {code}'], layer: ['{layer} 图层内', 'within layer {layer}'], next: ['次日', 'next day'] })
const above = reactive(new Map<string, { name: string; name_en: string } | null>())
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
/** The name of any area, its code until the name is there. */
export function areaOf(code: string): string {
  if (code.length >= 9) return areaName(code)
  if (!above.has(code)) {
    above.set(code, null)
    got(placesReadArea({ path: { code } })).then((found) => above.set(code, found), () => undefined)
  }
  const found = above.get(code)
  return found ? named(found.name, found.name_en) : code
}
