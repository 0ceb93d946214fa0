// What is brought in from elsewhere: orders of the hotline, by those at whose desk they become work.
import type { RouteRecordRaw } from 'vue-router'

const needs = ['cases.import']
export const routes: RouteRecordRaw[] = [
  { path: 'imports', name: 'admin-imports', component: () => import('./Imports.vue'), meta: { needs, menu: { name: ['工单导入', 'Import of orders'] } } },
  { path: 'imports/:id', name: 'admin-import', component: () => import('./Import.vue'), props: true, meta: { needs } },
]
