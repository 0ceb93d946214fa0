import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { built, outOf } from '../tools/built'
import { compressed } from '../tools/compressed'

const API = process.env['WANGGE_API'] ?? 'http://127.0.0.1:8000'
const BASE = '/static/field/'

export default defineConfig(({ command }) => ({
  base: command === 'build' ? BASE : '/field/',
  plugins: [
    vue({ template: { transformAssetUrls: false } }),
    VitePWA({
      // the page is told of a new version and takes it when its person says so: a report is never interrupted
      registerType: 'prompt',
      injectRegister: false,
      manifest: false, // public/manifest.json
      base: '/field/',
      buildBase: '/field/', // where the server answers the worker: it looks after what lies below
      scope: '/field/',
      filename: 'sw.js',
      workbox: {
        inlineWorkboxRuntime: true,
        sourcemap: false,
        importScripts: [`${BASE}carry.js`],
        globIgnores: ['carry.js'],
        globPatterns: ['**/*.{js,css,html,png,json}'],
        modifyURLPrefix: { '': BASE },
        // the page itself is answered at /field/, with the policy and the zone of the installation in it
        manifestTransforms: [(entries) => ({ manifest: entries.map((e) => (e.url === `${BASE}index.html` ? { ...e, url: '/field/' } : e)), warnings: [] })],
        navigateFallback: '/field/',
        navigateFallbackAllowlist: [/^\/field(\/|$)/],
        dontCacheBustURLsMatching: /assets\//, // their names hold a hash
        cleanupOutdatedCaches: true,
        maximumFileSizeToCacheInBytes: 3_000_000,
        // what is drawn of the grids is public to staff and holds no person: kept for the map without a network
        runtimeCaching: [
          { urlPattern: ({ url }) => url.pathname.startsWith('/api/v1/tiles/') || url.pathname.startsWith('/api/v1/areas/tiles/'), handler: 'NetworkFirst', options: { cacheName: 'field-tiles', networkTimeoutSeconds: 3, expiration: { maxEntries: 600, maxAgeSeconds: 14 * 86_400 } } },
          { urlPattern: ({ url }) => url.pathname === '/api/v1/layers' || url.pathname === '/static/pages/mark.svg', handler: 'NetworkFirst', options: { cacheName: 'field-layers', networkTimeoutSeconds: 3 } },
        ],
      },
    }),
    compressed(outOf('field')),
  ],
  build: built('field', 1100),
  server: { proxy: { '/api': API, '/static': API, '/healthz': API } },
}))
