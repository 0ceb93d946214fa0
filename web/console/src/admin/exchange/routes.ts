// Other systems that give us orders or take cases, and what they have not answered.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'partners', name: 'admin-partners', component: () => import('./Partners.vue'), meta: { needs: ['exchange.partners'], menu: { name: ['对接单位', 'Partners'] } } },
  { path: 'questions', name: 'admin-questions', component: () => import('./Questions.vue'), meta: { needs: ['exchange.ask'], menu: { name: ['待对方答复', 'Unanswered'] } } },
]
