// The form of a unit. Its area never changes: what it did stays where it was done.
import { words } from '@wangge/shared/src/words'
import type { Field } from '../parts/fields'
import { areas, units } from '../parts/sources'
import { dutiesNow } from './duties'
import { KINDS, kindOf } from './words'

const w = words({
  name: ['名称', 'Name'],
  nameEn: ['英文名称', 'Name in English'],
  kind: ['类型', 'Kind'],
  duty: ['职责', 'Duty'],
  dutyHint: ['派遣规则按职责找单位。', 'The rules of dispatch find units by it.'],
  area: ['区划', 'Area'],
  areaHint: ['新增后不能改。', 'It never changes.'],
  parent: ['上级单位', 'Unit above'],
  phone: ['电话', 'Phone'],
  supervision: ['监督电话', 'Supervision phone'],
  supervisionHint: ['印在“我的网格”公示卡上，供居民投诉。', 'Printed on the public card of a grid, for complaints.'],
})

export const unitFields = (fresh: boolean): Field[] => [
  { name: 'name', label: w.name, kind: 'text', required: true, most: 120 },
  { name: 'name_en', label: w.nameEn, kind: 'text' },
  { name: 'kind', label: w.kind, kind: 'select', half: true, required: true, options: KINDS.map((value) => ({ value, label: kindOf(value) })) },
  { name: 'duty', label: w.duty, kind: 'select', half: true, required: true, options: dutiesNow(), hint: w.dutyHint },
  ...(fresh ? [{ name: 'area', label: w.area, kind: 'pick', source: areas, required: true, hint: w.areaHint } satisfies Field] : []),
  { name: 'parent', label: w.parent, kind: 'pick', source: units },
  { name: 'phone', label: w.phone, kind: 'text', half: true, most: 40 },
  { name: 'supervision_phone', label: w.supervision, kind: 'text', half: true, most: 40, hint: w.supervisionHint },
]
