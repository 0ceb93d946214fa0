// Units, accounts, posts and tokens.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'users', name: 'admin-users', component: () => import('./Users.vue'), meta: { needs: ['people.users.read'], menu: { name: ['账号', 'Accounts'] } } },
]
