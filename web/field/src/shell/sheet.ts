// How every sheet from below is shown; what is beside it closes it, and says so.
import type { OverlayProps } from 'vant/es/overlay'
import { computed } from 'vue'
import { words } from '@wangge/shared/src/words'

const w = words({ close: ['关闭', 'Close'] })
/** Passed on to the element, though the type knows properties alone. */
const named = computed(() => ({ 'aria-label': w.close }) as Partial<OverlayProps>)
export const sheet = computed(() => ({ position: 'bottom' as const, round: true, teleport: 'body', overlayProps: named.value }))
