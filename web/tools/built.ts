// How every app is built for the server to serve.
import { fileURLToPath, URL } from 'node:url'
import type { BuildOptions } from 'vite'

/** Where an app's files go. */
export const outOf = (app: string): string => fileURLToPath(new URL(`../../wangge/pages/static/${app}`, import.meta.url))

/** `large`: kB from which on a chunk is said to be large. */
export const built = (app: string, large: number): BuildOptions => ({
  outDir: outOf(app),
  emptyOutDir: true,
  target: 'es2022',
  assetsInlineLimit: 0, // what is inlined would be a data: address
  modulePreload: { polyfill: false },
  chunkSizeWarningLimit: large,
})
