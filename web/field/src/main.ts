import 'vant/es/style/base.css'
import 'vant/es/overlay/index.css'
import 'vant/es/popup/index.css'
import 'vant/es/loading/index.css'
import 'vant/es/button/index.css'
import 'vant/es/dialog/index.css'
import '@wangge/shared/src/tokens.css'
import './theme.css'
import './field.css'
import { createApp } from 'vue'
import { language, speak } from '@wangge/shared/src/words'
import App from './App.vue'
import { applySize } from './own/settings'
import { router } from './router'
import { lookAfter } from './shell/worker'

// a part of a version that neither the worker nor the server has any more: take the new one
window.addEventListener('vite:preloadError', () => { window.location.reload() })

speak(language.value)
applySize()
createApp(App).use(router).mount('#app')
// the first screen goes before
void router.isReady().then(() => requestAnimationFrame(() => setTimeout(lookAfter)))
