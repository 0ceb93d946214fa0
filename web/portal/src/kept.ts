// Reports that were made on this phone: number and code, and what was written and could not be sent yet. Nowhere else; the resident can
// take them away.
import { ref } from 'vue'
import type { PortalReportIn } from '@wangge/shared/api/types.gen'

export interface Kept { number: string; code: string; what: string; at: number }
const MINE = 'wangge.portal.mine'
const UNSENT = 'wangge.portal.unsent'

function read<T>(key: string, otherwise: T): T {
  try { return JSON.parse(localStorage.getItem(key) ?? '') as T } catch { return otherwise }
}
export const mine = ref<Kept[]>(read(MINE, []))

export function keep(one: Kept): void {
  mine.value = [one, ...mine.value.filter((k) => k.number !== one.number || k.code !== one.code)].slice(0, 20)
  localStorage.setItem(MINE, JSON.stringify(mine.value))
}
export function forgetAll(): void {
  mine.value = []
  localStorage.removeItem(MINE)
}

/** What was sent and not answered, or whose photos have not all arrived: the same id and secret are sent again, so that it is one report. */
export const unsent = (): PortalReportIn | null => read<PortalReportIn | null>(UNSENT, null)
export function setUnsent(body: PortalReportIn | null): void {
  if (body) localStorage.setItem(UNSENT, JSON.stringify(body))
  else localStorage.removeItem(UNSENT)
}

/** 192 random bits, made for one report. */
export function secret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_')
}
export const trackUrl = (number: string, code: string): string => `/portal/track?${new URLSearchParams({ number, code })}`
