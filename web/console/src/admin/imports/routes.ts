// What is brought in from elsewhere: orders of the hotline, by those at whose desk they become work.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'imports', name: 'admin-imports', component: () => import('./Imports.vue'), meta: { needs: ['cases.import'], menu: { name: ['工单导入', 'Import of orders'] } } },
]
