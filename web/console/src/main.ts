import '@wangge/shared/src/tokens.css'
import './console.css'
import { createApp } from 'vue'
import { language, speak } from '@wangge/shared/src/words'
import App from './App.vue'
import { applySize } from './own/settings'
import { router } from './router'

// a part of a version that the server does not have any more: take the new one
window.addEventListener('vite:preloadError', () => { window.location.reload() })

speak(language.value)
applySize()
createApp(App).use(router).mount('#app')
