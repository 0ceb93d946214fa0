// The wall: for a screen that hangs in a room, without the frame of the desk.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/cockpit', name: 'cockpit', component: () => import('./Cockpit.vue'), meta: { needs: ['stats.cases'] } },
]
