// The fields of a form: what they are called, how they are filled in, which must be.
import type { Source } from './sources'

export type Given = Record<string, unknown>
export interface Option { value: string; label: string; note?: string }
export interface Field {
  name: string
  label: string
  /** text · long (several lines) · lines (a list, one a line) · number · flag · choice (radio buttons) · select · pick, picks (from a source) · day · moment */
  kind: 'text' | 'long' | 'lines' | 'number' | 'flag' | 'choice' | 'select' | 'selects' | 'pick' | 'picks' | 'day' | 'moment'
  required?: boolean
  hint?: string | ((given: Given) => string)
  options?: Option[]
  /** Of the options, those that are offered as things stand. */
  only?: (given: Given) => readonly string[]
  source?: Source
  most?: number
  /** Half as wide: two of them stand side by side. */
  half?: boolean
  /** Asked for only then. */
  when?: (given: Given) => boolean
}

export const asked = (fields: Field[], given: Given): Field[] => fields.filter((f) => f.when?.(given) ?? true)
const empty = (value: unknown) => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)
/** Required ones that are still empty. */
export const lacking = (fields: Field[], given: Given): Field[] =>
  asked(fields, given).filter((f) => f.required && f.kind !== 'flag' && (empty(given[f.name]) || f.only?.(given).includes(String(given[f.name])) === false))

/** What goes out: only what is asked for; texts without space around them, lists of lines without empty ones. Empty texts stay, everything else that is empty is null. */
export function cleaned(fields: Field[], given: Given): Given {
  const out: Given = {}
  for (const f of asked(fields, given)) {
    const value = given[f.name]
    if (f.kind === 'lines') out[f.name] = String(value ?? '').split('\n').map((line) => line.trim()).filter(Boolean)
    else if (f.kind === 'flag') out[f.name] = Boolean(value)
    else if (f.kind === 'picks' || f.kind === 'selects') out[f.name] = value ?? []
    else {
      const told = typeof value === 'string' ? value.trim() : value
      out[f.name] = empty(told) ? (f.kind === 'text' || f.kind === 'long' ? '' : null) : told
    }
  }
  return out
}

/** `body.areas[2]` is told at the field `areas`. */
export const fieldOf = (path: string): string => path.replace(/^(body|query|path)\./, '').split(/[.[]/)[0] ?? ''
