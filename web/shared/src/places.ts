// Names of streets and communities, asked for once: rows of cases carry codes.
import { reactive } from 'vue'
import { placesListAreas } from '../api/sdk.gen'
import type { AreaOut } from '../api/types.gen'
import { got } from './call'
import { named } from './words'

const known = reactive(new Map<string, AreaOut>())
const asked = new Map<string, Promise<void>>()

async function ask(within: string, level: 'street' | 'community'): Promise<void> {
  let after: string | null = null
  do {
    const page: { items: AreaOut[]; next?: string | null } = await got(placesListAreas({ query: { within, level, after, limit: 100 } }))
    for (const area of page.items) known.set(area.code, area)
    after = page.next ?? null
  } while (after)
}

/** Load the streets and communities of a district. */
export function loadDistrict(district: string): Promise<void> {
  let found = asked.get(district)
  if (!found) {
    found = Promise.all([ask(district, 'street'), ask(district, 'community')]).then(() => undefined)
    found.catch(() => asked.delete(district))
    asked.set(district, found)
  }
  return found
}

/** The name of an area, its code until the name is there. */
export function areaName(code: string | null): string {
  if (!code) return '—'
  const area = known.get(code)
  if (!area) void loadDistrict(code.slice(0, 6)).catch(() => undefined)
  return area ? named(area.name, area.name_en) : code
}

export const areasOf = (level: 'street' | 'community', within = ''): AreaOut[] =>
  [...known.values()].filter((a) => a.level === level && a.code.startsWith(within)).sort((a, b) => a.code.localeCompare(b.code))
