// What the values of rules are called: duties, units of time, levels … The server says it once; it is asked once.
import { ref } from 'vue'
import { rulesWords } from '@wangge/shared/api/sdk.gen'
import { got } from '@wangge/shared/src/call'
import { type Both, say } from '@wangge/shared/src/words'
import type { Option } from '../parts/fields'

export type Table = 'urgency' | 'stage' | 'unit' | 'group' | 'entry_level' | 'channel' | 'day_kind' | 'evidence_at' | 'evidence_kind' | 'duty'
const tables = ref<Record<string, Record<string, Both>>>({})
let asked: Promise<void> | undefined

export function loadValues(): Promise<void> {
  asked ??= got(rulesWords()).then(
    (found) => { tables.value = found },
    (error: unknown) => { asked = undefined; throw error },
  )
  return asked
}
export const valueName = (table: Table, value: string | null | undefined): string => say(tables.value[table]?.[value ?? '']) || (value ?? '')
export const valuesOf = (table: Table): string[] => Object.keys(tables.value[table] ?? {})
export const optionsOf = (table: Table): Option[] => valuesOf(table).map((value) => ({ value, label: valueName(table, value) }))
