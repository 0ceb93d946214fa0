// Words that several parts of the figures say.
import { words } from '@wangge/shared/src/words'

export const periodWords = words({
  p30d: ['近 30 天', 'Last 30 days'],
  pmonth: ['本月', 'This month'],
  plast_month: ['上月', 'Last month'],
  pquarter: ['本季', 'This quarter'],
  pyear: ['今年', 'This year'],
  p12m: ['近 12 个月', 'Last 12 months'],
})

export const byWords = words({
  district: ['区', 'District'],
  street: ['街道', 'Street'],
  community: ['社区', 'Community'],
  grid: ['网格', 'Grid'],
  unit: ['承办单位', 'Unit'],
  person: ['人员', 'Staff'],
  category_top: ['大类', 'Top category'],
  category: ['类别', 'Category'],
  group: ['三类事项', 'Kind of matter'],
  channel: ['来源', 'Channel'],
  level: ['解决层级', 'Level'],
  status: ['状态', 'Status'],
})

/** What figures count. */
export const unitWords = words({
  cases: ['件', 'cases'],
  times: ['次', 'times'],
  percent: ['', ''],
  rating: ['分', 'of 5'],
  minutes: ['中位数', 'median'],
})
export const unitWord = (unit: string): string => (unit in unitWords ? unitWords[unit as keyof typeof unitWords] : '')
