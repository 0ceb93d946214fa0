// Areas, layers and grids.
import type { RouteRecordRaw } from 'vue-router'

const needs = ['places.grids.manage']

export const routes: RouteRecordRaw[] = [
  { path: 'areas', name: 'areas', component: () => import('./Areas.vue'), meta: { needs, menu: { name: ['区划', 'Areas'] } } },
  { path: 'layers', name: 'layers', component: () => import('./Layers.vue'), meta: { needs, menu: { name: ['图层', 'Layers'] } } },
  { path: 'grids', name: 'grids', component: () => import('./Grids.vue'), meta: { needs, menu: { name: ['网格', 'Grids'] } } },
  { path: 'grids/edit', name: 'grid-editor', component: () => import('./editor/Editor.vue'), meta: { needs, menu: { name: ['网格编辑', 'Grid editor'] } } },
  { path: 'grids/import', name: 'grid-import', component: () => import('./Import.vue'), meta: { needs, menu: { name: ['网格导入', 'Grid import'] } } },
]
