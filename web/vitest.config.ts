import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['*/test/**/*.test.ts'],
    setupFiles: ['./test-setup.ts'],
    testTimeout: 60_000, // a full machine takes long to derive keys
  },
})
