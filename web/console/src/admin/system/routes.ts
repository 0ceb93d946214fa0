// Notices, imports, health and jobs.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = []
