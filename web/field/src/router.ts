import { createRouter, createWebHistory, START_LOCATION } from 'vue-router'
import Unlock from './start/Unlock.vue'
import { isIn, may, owner, wantsPin, why } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Needs nobody to be in. */
    open?: boolean
    /** A permission that opens it. */
    needs?: string
    /** One of the bar at the bottom: it has no way back. */
    tab?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory('/field/'),
  scrollBehavior: (_to, from, saved) => saved ?? (from === START_LOCATION ? false : { top: 0 }),
  routes: [
    { path: '/log-in', name: 'log-in', component: () => import('./start/LogIn.vue'), meta: { open: true } },
    { path: '/pin', name: 'pin', component: () => import('./start/Pin.vue'), meta: { open: true } },
    { path: '/unlock', name: 'unlock', component: Unlock, meta: { open: true } },
    { path: '/report', name: 'report', component: () => import('./report/Report.vue'), meta: { needs: 'cases.report' } },
    {
      path: '/', component: () => import('./shell/Shell.vue'), children: [
        { path: '', name: 'home', component: () => import('./home/Home.vue'), meta: { tab: true } },
        { path: 'todo', name: 'todo', component: () => import('./todo/Todo.vue'), meta: { tab: true, needs: 'cases.read' } },
        { path: 'map', name: 'map', component: () => import('./map/MapScreen.vue'), meta: { tab: true, needs: 'cases.read' } },
        { path: 'outbox', name: 'outbox', component: () => import('./outbox/OutboxScreen.vue'), meta: { tab: true } },
        { path: 'cases/:id', name: 'case', component: () => import('./case/Case.vue'), props: true, meta: { needs: 'cases.read' } },
        { path: 'grid/:code', name: 'grid', component: () => import('./own/Grid.vue'), props: true },
        { path: 'notices', name: 'notices', component: () => import('./own/Notices.vue') },
        { path: 'search', name: 'search', component: () => import('./own/Search.vue'), meta: { needs: 'cases.read' } },
        { path: 'settings', name: 'settings', component: () => import('./own/Settings.vue') },
        { path: ':rest(.*)*', redirect: { name: 'home' } },
      ],
    },
  ],
})

router.beforeEach(async (to) => {
  if (to.name === 'pin') return wantsPin.value ? true : { name: 'log-in' }
  if (to.meta.open) return isIn.value ? { name: 'home' } : true
  if (!isIn.value) {
    const query = to.fullPath === '/' ? {} : { then: to.fullPath }
    return { name: (await owner())?.byPin && !why.value ? 'unlock' : 'log-in', query }
  }
  return to.meta.needs && !may(to.meta.needs) ? { name: 'home' } : true
})
