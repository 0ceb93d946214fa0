// Categories, limits, calendar, routes, templates.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'categories', name: 'admin-categories', component: () => import('./Categories.vue'), meta: { needs: ['catalog.edit'], menu: { name: ['事项类别', 'Categories'] } } },
  { path: 'limits', name: 'admin-limits', component: () => import('./Limits.vue'), meta: { needs: ['catalog.edit'], menu: { name: ['时限', 'Limits'] } } },
  { path: 'calendar', name: 'admin-calendar', component: () => import('./Calendar.vue'), meta: { needs: ['catalog.calendar'], menu: { name: ['工作日历', 'Work calendar'] } } },
  { path: 'routes', name: 'admin-routes', component: () => import('./Routes.vue'), meta: { needs: ['catalog.routes'], menu: { name: ['派遣规则', 'Routes'] } } },
  { path: 'templates', name: 'admin-templates', component: () => import('./Templates.vue'), meta: { needs: ['templates.edit'], menu: { name: ['答复模板', 'Answer templates'] } } },
]
