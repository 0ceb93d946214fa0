import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import elementPlus from 'unplugin-element-plus/vite'
import { defineConfig } from 'vite'
import { compressed } from '../tools/compressed'

const OUT = fileURLToPath(new URL('../../wangge/pages/static/console', import.meta.url))
const API = process.env['WANGGE_API'] ?? 'http://127.0.0.1:8000'

export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/console/' : '/console/',
  plugins: [vue({ template: { transformAssetUrls: false } }), elementPlus({}), compressed(OUT)],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // what is inlined would be a data: address
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': API, '/static': API } },
}))
