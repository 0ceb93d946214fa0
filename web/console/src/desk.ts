// Whose desk this is: the centre or workstation of each area where one decides, and the units one works for.
import { peopleListUnits } from '@wangge/shared/api/sdk.gen'
import type { UnitOut } from '@wangge/shared/api/types.gen'
import { got } from '@wangge/shared/src/call'
import { me } from './session'

const DESK = ['operator', 'workstation']
let asked: { who: string; desks: Promise<UnitOut[]> } | undefined

/** The units whose desk I sit at: cases that they hold are mine to accept, dispatch and follow up. */
export function desks(): Promise<UnitOut[]> {
  const who = me.value?.id ?? ''
  if (asked?.who !== who) {
    const areas = [...new Set((me.value?.posts ?? []).filter((p) => DESK.includes(p.role) && p.area).map((p) => p.area as string))]
    const found = Promise.all(areas.map((area) => got(peopleListUnits({ query: { area, below: false, duty: 'grid_centre', limit: 20 } }))))
      .then((pages) => pages.flatMap((p) => p.items))
    found.catch(() => { asked = undefined })
    asked = { who, desks: found }
  }
  return asked.desks
}

/** The units that I handle for. */
export const units = (): { id: string; name: string; name_en: string }[] =>
  [...new Map((me.value?.posts ?? []).filter((p) => p.unit && ['handler', 'unit_leader'].includes(p.role)).map((p) => [p.unit, { id: p.unit as string, name: p.unit_name ?? '', name_en: p.unit_name_en ?? '' }])).values()]
