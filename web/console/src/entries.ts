// What the menu has: the routes that name themselves, as far as one's permissions open them.
import type { RouteRecordRaw } from 'vue-router'
import { mayAny } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Any of these permissions opens it; none: whoever is logged in. */
    needs?: string[]
    open?: boolean
    /** Its entry in the menu it belongs to. */
    menu?: { icon?: string; name: readonly [zh: string, en: string] }
  }
}

export const opens = (route: RouteRecordRaw): boolean => !route.meta?.needs?.length || mayAny(...route.meta.needs)

/** Where a group of screens begins for who is asking: its first screen that is open to them. Not a redirect: that would be followed before
 * it is known who is asking, when a page is opened at this address. */
export const beginning = (name: string, routes: RouteRecordRaw[]): RouteRecordRaw => ({
  path: '', name, component: () => null, beforeEnter: () => ({ name: String(routes.find(opens)?.name ?? 'denied') }),
})
