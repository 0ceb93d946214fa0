// What the modules look at when they are loaded, for tests without a browser.
const kept = new Map([['wangge.language', 'zh']])
Object.assign(globalThis, {
  localStorage: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) },
  document: { createElement: () => ({}), documentElement: { dataset: { zone: 'Asia/Shanghai' } } },
})
