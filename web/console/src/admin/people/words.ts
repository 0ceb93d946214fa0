// Words of accounts and posts that several screens say.
import type { UserOut } from '@wangge/shared/api/types.gen'
import { words } from '@wangge/shared/src/words'

const w = words({
  closed: ['停用', 'Closed'],
  first: ['待改初始口令', 'First password'],
  active: ['启用', 'Active'],
})

const kinds = words({
  centre: ['网格化服务管理中心', 'Centre'],
  department: ['职能部门', 'Department'],
  workstation: ['社区工作站', 'Community workstation'],
  company: ['企业', 'Company'],
  volunteers: ['志愿服务队', 'Volunteer team'],
})
export type UnitKind = keyof typeof kinds
export const KINDS = Object.keys(kinds) as UnitKind[]
export const kindOf = (kind: string): string => kinds[kind as UnitKind] ?? kind

export const stateOf = (user: Pick<UserOut, 'active' | 'must_change'>): string => (!user.active ? w.closed : user.must_change ? w.first : w.active)
