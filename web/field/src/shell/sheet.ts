// How every sheet from below is shown; what is beside it closes it, and says so.
import { computed } from 'vue'
import { words } from '@wangge/shared/src/words'

const w = words({ close: ['关闭', 'Close'] })
export const sheet = computed(() => ({ position: 'bottom' as const, round: true, teleport: 'body', overlayProps: { 'aria-label': w.close } }))
