// Administration: one entry of the menu, and within it the screens that one's permissions open, by what they are about.
import type { RouteRecordRaw } from 'vue-router'
import { beginning } from '../entries'
import { routes as exchange } from './exchange/routes'
import { routes as imports } from './imports/routes'
import { routes as people } from './people/routes'
import { routes as places } from './places/routes'
import { routes as rules } from './rules/routes'
import { routes as system } from './system/routes'

export const groups = [
  { name: ['地方', 'Places'], routes: places },
  { name: ['人员', 'People'], routes: people },
  { name: ['规则', 'Rules'], routes: rules },
  { name: ['数据', 'Data'], routes: imports },
  { name: ['对接', 'Exchange'], routes: exchange },
  { name: ['系统', 'System'], routes: system },
] as const satisfies readonly { name: readonly [string, string]; routes: RouteRecordRaw[] }[]

const screens = groups.flatMap((g) => g.routes)
export const routes: RouteRecordRaw[] = screens.length
  ? [{
      path: 'admin',
      component: () => import('./Admin.vue'),
      meta: { needs: screens.flatMap((s) => s.meta?.needs ?? []), menu: { icon: 'gear', name: ['管理', 'Administration'] } },
      children: [beginning('admin', screens), ...screens],
    }]
  : []
