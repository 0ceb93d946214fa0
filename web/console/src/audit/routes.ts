// What the auditor reads: everything that was done, who saw what in clear, who came in, what was taken out, and whether the seals hold.
import type { RouteRecordRaw } from 'vue-router'
import { beginning } from '../entries'

const READ = ['ledger.read']
const entries = () => import('./Entries.vue')
export const tabs: RouteRecordRaw[] = [
  { path: 'entries', name: 'audit-entries', component: entries, props: { about: 'all' }, meta: { needs: READ, menu: { name: ['全部留痕', 'All entries'] } } },
  { path: 'reveals', name: 'audit-reveals', component: entries, props: { about: 'reveals' }, meta: { needs: READ, menu: { name: ['查看原文', 'Seen in clear'] } } },
  { path: 'log-ins', name: 'audit-log-ins', component: entries, props: { about: 'logIns' }, meta: { needs: READ, menu: { name: ['登录', 'Log-ins'] } } },
  { path: 'exports', name: 'audit-exports', component: entries, props: { about: 'exports' }, meta: { needs: READ, menu: { name: ['导出', 'Exports'] } } },
  { path: 'seals', name: 'audit-seals', component: () => import('./Seals.vue'), meta: { needs: ['ledger.verify'], menu: { name: ['封存与核验', 'Seals'] } } },
]

export const routes: RouteRecordRaw[] = [{
  path: 'audit',
  component: () => import('./Audit.vue'),
  meta: { needs: ['ledger.read', 'ledger.verify'], menu: { icon: 'shield', name: ['审计', 'Audit'] } },
  children: [beginning('audit', tabs), ...tabs],
}]
