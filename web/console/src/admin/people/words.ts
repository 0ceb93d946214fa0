// Words of accounts and posts that several screens say.
import type { PostOut, UserOut } from '@wangge/shared/api/types.gen'
import { nameOf, named, words } from '@wangge/shared/src/words'

const w = words({
  closed: ['停用', 'Closed'],
  first: ['待改初始口令', 'First password'],
  active: ['启用', 'Active'],
  everywhere: ['全部', 'Everywhere'],
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
export const titleOf = (post: Pick<PostOut, 'title' | 'title_en' | 'role'>): string => (post.title ? named(post.title, post.title_en) : nameOf('role', post.role))
/** Where a post holds. */
export const whereOf = (post: Pick<PostOut, 'everywhere' | 'unit_name' | 'grid_name' | 'area_name' | 'grid' | 'area'>): string =>
  post.everywhere ? w.everywhere : post.unit_name ?? post.grid_name ?? post.area_name ?? post.grid ?? post.area ?? '—'
