import '@wangge/shared/src/tokens.css'
import './portal.css'
import { createApp } from 'vue'
import { language, speak } from '@wangge/shared/src/words'
import App from './App.vue'
import { applySize } from './size'
import { router } from './router'

// a part of a version that the server has no more: take the new one
window.addEventListener('vite:preloadError', () => { window.location.reload() })

speak(language.value)
applySize()
createApp(App).use(router).mount('#app')
