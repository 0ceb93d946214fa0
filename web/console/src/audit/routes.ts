// What the auditor reads.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = []
