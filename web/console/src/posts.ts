// What a post is called, and where it holds.
import type { PostOut } from '@wangge/shared/api/types.gen'
import { nameOf, named, words } from '@wangge/shared/src/words'

const w = words({ everywhere: ['全部', 'Everywhere'] })

export const titleOf = (post: Pick<PostOut, 'title' | 'title_en' | 'role'>): string => (post.title ? named(post.title, post.title_en) : nameOf('role', post.role))

type Held = Pick<PostOut, 'everywhere' | 'unit_name' | 'unit_name_en' | 'grid_name' | 'grid_name_en' | 'area_name' | 'area_name_en' | 'grid' | 'area'>
/** A post holds in one place: of a unit, a grid or an area, or everywhere. A grid without a name is called by its code. */
export const whereOf = (post: Held): string =>
  post.everywhere ? w.everywhere : named(post.unit_name || post.grid_name || post.area_name || post.grid || post.area, post.unit_name_en || post.grid_name_en || post.area_name_en)
