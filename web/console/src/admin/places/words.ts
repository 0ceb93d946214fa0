// What the values of places are called, and figures of land.
import type { AreaOut, LayerOut } from '@wangge/shared/api/types.gen'
import { language, named, words } from '@wangge/shared/src/words'

export const levelWords = words({
  province: ['省级', 'Province'],
  city: ['市级', 'City'],
  district: ['区县', 'District'],
  street: ['街道乡镇', 'Street'],
  community: ['社区村', 'Community'],
})
export const kindWords = words({
  base: ['基础网格', 'Base grids'],
  working: ['工作网格', 'Working grids'],
  specialised: ['专业网格', 'Specialised grids'],
  dedicated: ['专属网格', 'Dedicated grids'],
})
export const stackWords = words({
  '1:1': ['一对一', 'one is one'],
  '1:N': ['一对多', 'one is several'],
  'N:1': ['多对一', 'several divide one'],
})
export const reasonWords = words({
  load: ['批量载入', 'Loaded'],
  import: ['文件导入', 'Imported'],
  create: ['新建', 'Created'],
  redraw: ['调整边界', 'Redrawn'],
  split: ['拆分', 'Split'],
  merge: ['合并', 'Merged'],
  fitted: ['随邻格补点', 'Vertex added for a neighbour'],
})
const w = words({ hectares: ['{n} 公顷', '{n} ha'], metres: ['{n} 平方米', '{n} m²'], km: ['{n} 平方公里', '{n} km²'] })

/** The word of a table for a value, the value itself when there is none. */
export const wordOf = (table: Readonly<Record<string, string>>, value: string): string => table[value] ?? value

/** 850 平方米 · 12.3 公顷 · 4.1 平方公里 */
export function land(m2: number): string {
  const told = (text: string, value: number) => text.replace('{n}', value.toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { maximumFractionDigits: value < 100 ? 1 : 0 }))
  if (m2 < 10_000) return told(w.metres, m2)
  return m2 < 1_000_000 ? told(w.hectares, m2 / 10_000) : told(w.km, m2 / 1_000_000)
}

export const nameOfLayer = (layer: Pick<LayerOut, 'key' | 'name' | 'name_en'> | undefined): string => (layer ? named(layer.name, layer.name_en) : '')
/** An area that is known by its code alone is called by it. */
export const nameOfArea = (area: Pick<AreaOut, 'code' | 'name' | 'name_en' | 'named'>): string => (area.named ? named(area.name, area.name_en) : area.code)
