import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { built, outOf } from '../tools/built'
import { compressed } from '../tools/compressed'

const API = process.env['WANGGE_API'] ?? 'http://127.0.0.1:8000'

export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/portal/' : '/portal/',
  plugins: [vue({ template: { transformAssetUrls: false } }), compressed(outOf('portal'))],
  build: built('portal', 500),
  server: { proxy: { '/api': API, '/static': API, '/portal/track': API, '/start': API } },
}))
