// Makes shared/api anew from docs/openapi.json: the client, the words that the loop's values are called by, and the digest that a test
// compares, so that a stale client is noticed without Node.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createClient } from '@hey-api/openapi-ts'

const source = new URL('../../docs/openapi.json', import.meta.url)
const target = new URL('../shared/api/', import.meta.url)
const text = readFileSync(source)

await createClient({
  input: source.pathname,
  output: { path: target.pathname, clean: true },
  plugins: [
    '@hey-api/client-fetch',
    { name: '@hey-api/typescript', comments: false },
    { name: '@hey-api/sdk', comments: false },
  ],
  logs: { level: 'error' },
})
// what a generated comment says of where packages are kept is not ours to say
const types = new URL('client/types.gen.ts', target)
writeFileSync(types, readFileSync(types, 'utf-8').replace(/https:\/\/www\.npm\S+/g, 'its page'))
writeFileSync(new URL('words.json', target), JSON.stringify(JSON.parse(text)['x-words'], null, 1) + '\n')
writeFileSync(new URL('made-from', target), createHash('sha256').update(text).digest('hex') + '\n')
