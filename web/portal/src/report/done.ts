// What a report was answered with: shown once, on the screen that follows.
import { ref } from 'vue'
import type { TakenOut } from '@wangge/shared/api/types.gen'
import type { Held } from './files'

/** `left`: photos that have not arrived yet; `refused`: how many the server does not take. */
export const done = ref<(TakenOut & { left: Held[]; refused: number }) | null>(null)
