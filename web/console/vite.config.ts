import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import elementPlus from 'unplugin-element-plus/vite'
import { defineConfig, type Plugin } from 'vite'

const OUT = fileURLToPath(new URL('../../wangge/pages/static/console', import.meta.url))
const API = process.env['WANGGE_API'] ?? 'http://127.0.0.1:8000'

/** Beside every text file its .gz and .br, which whitenoise answers with. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, encoding: 'utf-8' })) {
        const path = join(OUT, entry)
        if (!/\.(js|css|svg)$/.test(path) || !statSync(path).isFile()) continue
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(bytes))
      }
    },
  }
}

export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/console/' : '/console/',
  plugins: [vue({ template: { transformAssetUrls: false } }), elementPlus({}), compressed()],
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
