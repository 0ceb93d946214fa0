// Notices, imports, health and jobs.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  // anybody may ask whether the system is well; to see to it is the system administrator's
  { path: 'health', name: 'admin-health', component: () => import('./Health.vue'), meta: { needs: ['jobs.manage'], menu: { name: ['运行状况', 'Health'] } } },
  { path: 'jobs', name: 'admin-jobs', component: () => import('./Jobs.vue'), meta: { needs: ['jobs.manage'], menu: { name: ['后台任务', 'Background jobs'] } } },
  { path: 'notices', name: 'admin-notices', component: () => import('./NoticeMatrix.vue'), meta: { needs: ['notices.matrix'], menu: { name: ['通知规则', 'Who is told'] } } },
  { path: 'deliveries', name: 'admin-deliveries', component: () => import('./Deliveries.vue'), meta: { needs: ['notices.deliveries'], menu: { name: ['送达记录', 'Deliveries'] } } },
  { path: 'webhooks', name: 'admin-webhooks', component: () => import('./Webhooks.vue'), meta: { needs: ['notices.webhooks'], menu: { name: ['推送订阅', 'Webhooks'] } } },
]
