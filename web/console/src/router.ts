import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { isIn, mayAny, whoWasI } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Any of these permissions opens it; none: whoever is logged in. */
    needs?: string[]
    open?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/log-in', name: 'log-in', component: () => import('./screens/LogIn.vue'), meta: { open: true } },
  {
    path: '/',
    component: () => import('./shell/Shell.vue'),
    children: [
      { path: '', name: 'workbench', component: () => import('./screens/Workbench.vue') },
      { path: 'queue', name: 'queue', component: () => import('./queue/Queue.vue'), meta: { needs: ['cases.read'] } },
      { path: 'cases/:id', name: 'case', component: () => import('./case/Case.vue'), props: true, meta: { needs: ['cases.read'] } },
      { path: 'register', name: 'register', component: () => import('./screens/Register.vue'), meta: { needs: ['cases.report'] } },
      { path: 'supervision', name: 'supervision', component: () => import('./supervision/Supervision.vue'), meta: { needs: ['cases.urge', 'cases.supervise', 'cases.instruct', 'cases.lift', 'cases.answer'] } },
      { path: 'figures', name: 'figures', component: () => import('./figures/Figures.vue'), meta: { needs: ['stats.read'] } },
      { path: 'own', name: 'own', component: () => import('./screens/Own.vue') },
      { path: 'denied', name: 'denied', component: () => import('./screens/Nowhere.vue'), props: { denied: true } },
      { path: ':rest(.*)*', name: 'nowhere', component: () => import('./screens/Nowhere.vue') },
    ],
  },
]

export const router = createRouter({ history: createWebHistory('/console/'), routes })

let asked = false
router.beforeEach(async (to) => {
  if (!asked) {
    await whoWasI().catch(() => undefined)
    asked = true
  }
  if (to.meta.open) return isIn.value ? { name: 'workbench' } : true
  if (!isIn.value) return { name: 'log-in', query: to.fullPath === '/' ? {} : { then: to.fullPath } }
  if (to.meta.needs && !mayAny(...to.meta.needs)) return { name: 'denied', replace: true }
  return true
})

