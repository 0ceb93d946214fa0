import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { routes as admin } from './admin/routes'
import { routes as audit } from './audit/routes'
import { routes as cockpit } from './cockpit/routes'
import { routes as map } from './map/routes'
import { isIn, mayAny, whoWasI } from './session'

const OVERSIGHT = ['cases.urge', 'cases.supervise', 'cases.instruct', 'cases.lift', 'cases.answer']
/** The screens within the frame, in the order of the menu. */
export const screens: RouteRecordRaw[] = [
  { path: '', name: 'workbench', component: () => import('./screens/Workbench.vue'), meta: { menu: { icon: 'desk', name: ['工作台', 'Workbench'] } } },
  { path: 'queue', name: 'queue', component: () => import('./queue/Queue.vue'), meta: { needs: ['cases.read'], menu: { icon: 'list', name: ['案件', 'Cases'] } } },
  { path: 'cases/:id', name: 'case', component: () => import('./case/Case.vue'), props: true, meta: { needs: ['cases.read'] } },
  { path: 'register', name: 'register', component: () => import('./screens/Register.vue'), meta: { needs: ['cases.report'], menu: { icon: 'pen', name: ['登记', 'Register'] } } },
  ...map,
  { path: 'supervision', name: 'supervision', component: () => import('./supervision/Supervision.vue'), meta: { needs: OVERSIGHT, menu: { icon: 'flag', name: ['督办', 'Supervision'] } } },
  { path: 'figures', name: 'figures', component: () => import('./figures/Figures.vue'), meta: { needs: ['stats.read'], menu: { icon: 'chart', name: ['统计', 'Figures'] } } },
  ...admin,
  ...audit,
  { path: 'own', name: 'own', component: () => import('./screens/Own.vue'), meta: { menu: { icon: 'person', name: ['我的设置', 'My settings'] } } },
  { path: 'denied', name: 'denied', component: () => import('./screens/Nowhere.vue'), props: { denied: true } },
  { path: ':rest(.*)*', name: 'nowhere', component: () => import('./screens/Nowhere.vue') },
]

const routes: RouteRecordRaw[] = [
  { path: '/log-in', name: 'log-in', component: () => import('./screens/LogIn.vue'), meta: { open: true } },
  ...cockpit, // the wall has no frame
  { path: '/', component: () => import('./shell/Shell.vue'), children: screens },
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

