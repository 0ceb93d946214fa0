// The one map.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'map', name: 'map', component: () => import('./MapScreen.vue'), meta: { needs: ['cases.read'], menu: { icon: 'map', name: ['一张图', 'Map'] } } },
]
