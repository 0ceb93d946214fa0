// Units, accounts, posts and tokens.
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = []
