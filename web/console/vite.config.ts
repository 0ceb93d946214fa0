import vue from '@vitejs/plugin-vue'
import elementPlus from 'unplugin-element-plus/vite'
import { defineConfig } from 'vite'
import { built, outOf } from '../tools/built'
import { compressed } from '../tools/compressed'

const API = process.env['WANGGE_API'] ?? 'http://127.0.0.1:8000'

export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/console/' : '/console/',
  plugins: [vue({ template: { transformAssetUrls: false } }), elementPlus({}), compressed(outOf('console'))],
  build: built('console', 700),
  server: { proxy: { '/api': API, '/static': API } },
}))
