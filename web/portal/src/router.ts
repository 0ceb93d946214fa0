import { createRouter, createWebHistory } from 'vue-router'
import Home from './Home.vue'

export const router = createRouter({
  history: createWebHistory('/portal/'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', name: 'home', component: Home },
    { path: '/report', name: 'report', component: () => import('./report/Report.vue') },
    { path: '/done', name: 'done', component: () => import('./report/Done.vue') },
    { path: '/grid', name: 'grid', component: () => import('./Grid.vue') },
    { path: '/figures', name: 'figures', component: () => import('./Figures.vue') },
    { path: '/own', name: 'own', component: () => import('./own/OwnData.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})
