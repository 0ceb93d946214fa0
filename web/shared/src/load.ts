// What a unit has to do, in few words.
import type { UnitLoadOut } from '../api/types.gen'
import { fill, words } from './words'

const w = words({
  leads: ['主办 {n}', 'leads {n}'],
  assists: ['协办 {n}', 'assists {n}'],
  overdue: ['超期 {n}', '{n} overdue'],
  today: ['今日到期 {n}', '{n} due today'],
  free: ['没有在办案件', 'nothing under way'],
})

export function loadText(load: UnitLoadOut): string {
  const said = [
    load.leads ? fill(w.leads, { n: load.leads }) : '', load.assists ? fill(w.assists, { n: load.assists }) : '',
    load.overdue ? fill(w.overdue, { n: load.overdue }) : '', load.due_today ? fill(w.today, { n: load.due_today }) : '',
  ].filter(Boolean)
  return said.join(' · ') || w.free
}
