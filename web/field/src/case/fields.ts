// Which acts the phone has a form for: those whose inputs it knows. The rest is the desk's.
import type { ActOut } from '@wangge/shared/api/types.gen'

const KNOWN = new Set(['text', 'long_text', 'evidence', 'point', 'time', 'choice', 'rating', 'flag', 'request', 'demand', 'unit'])
/** Acts of a centre at its desk are not offered, though a person may hold the right. */
const DESK = new Set(['void', 'archive', 'set_confidential', 'set_urgency', 'locate', 'tag'])
export const canDo = (act: ActOut): boolean => !DESK.has(act.act) && act.inputs.every((i) => KNOWN.has(i.kind) || !i.required)
export const shown = (act: ActOut): ActOut['inputs'] => act.inputs.filter((i) => KNOWN.has(i.kind))
