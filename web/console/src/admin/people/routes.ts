// Units, accounts, posts and tokens, and who is kept from the portal.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'users', name: 'admin-users', component: () => import('./Users.vue'), meta: { needs: ['people.users.read'], menu: { name: ['账号', 'Accounts'] } } },
  // most staff may see posts and units where they need them; to look after them is administration
  { path: 'posts', name: 'admin-posts', component: () => import('./Posts.vue'), meta: { needs: ['people.posts.manage', 'people.users.read'], menu: { name: ['岗位', 'Posts'] } } },
  { path: 'hand-over', name: 'admin-hand-over', component: () => import('./HandOver.vue'), meta: { needs: ['people.posts.manage'], menu: { name: ['岗位移交', 'Hand over'] } } },
  { path: 'absences', name: 'admin-absences', component: () => import('./Absences.vue'), meta: { needs: ['people.absences.manage'], menu: { name: ['离岗与代理', 'Absences'] } } },
  { path: 'units', name: 'admin-units', component: () => import('./Units.vue'), meta: { needs: ['people.units.manage', 'people.users.read'], menu: { name: ['单位', 'Units'] } } },
  { path: 'staff-import', name: 'admin-staff-import', component: () => import('./StaffImport.vue'), meta: { needs: ['people.users.manage'], menu: { name: ['人员导入', 'Import staff'] } } },
  { path: 'roles', name: 'admin-roles', component: () => import('./Roles.vue'), meta: { needs: ['people.units.manage', 'people.users.read'], menu: { name: ['角色与权限', 'Roles'] } } },
  { path: 'tokens', name: 'admin-tokens', component: () => import('./Tokens.vue'), meta: { needs: ['people.tokens.manage'], menu: { name: ['访问令牌', 'Access tokens'] } } },
  { path: 'bans', name: 'admin-bans', component: () => import('./Bans.vue'), meta: { needs: ['portal.bans'], menu: { name: ['居民端限制', 'Kept from the portal'] } } },
]
