// A proof that a server gave: it holds, and whatever is changed in it makes it fail.
import { describe, expect, it } from 'vitest'
import type { ProofOut } from '../api/types.gen'
import { canonical, check } from '../src/proof'
import given from './proof.json'

const proof = given as ProofOut
const changed = (patch: Partial<ProofOut>): ProofOut => ({ ...proof, holds: true, ...patch })

describe('a proof', () => {
  it('is computed here, from the content to the signature', async () => {
    const found = await check(proof)
    expect(found).toMatchObject({ by: 'browser', holds: true, signed: true })
    expect(found.leaf).not.toBe(found.root)
  })
  it('fails when anything of the entry was changed, whatever the server says', async () => {
    for (const part of [{ actor: null }, { pos: 1 }, { at: '2026-11-20T08:10:48.000000Z' }, { body: {} }]) {
      expect((await check(changed({ entry: { ...proof.entry, ...part } }))).holds).toBe(false)
    }
  })
  it('fails with another path, place or size', async () => {
    expect((await check(changed({ path: proof.path.slice(1) }))).holds).toBe(false)
    expect((await check(changed({ path: [...proof.path].reverse() }))).holds).toBe(false)
    expect((await check(changed({ index: proof.index ^ 1 }))).holds).toBe(false)
    expect((await check(changed({ size: 1 }))).holds).toBe(false)
  })
  it('fails when the statement is not what was signed', async () => {
    const statement = { ...(proof.batch['statement'] as object), number: 99 }
    expect(await check(changed({ batch: { ...proof.batch, statement } }))).toMatchObject({ holds: false, signed: false })
  })
  it('of a hash that browsers do not know is told as the server’s', async () => {
    const statement = { ...(proof.batch['statement'] as object), hash: 'sm3' }
    expect(await check(changed({ batch: { ...proof.batch, statement } }))).toMatchObject({ by: 'server', holds: true, leaf: null })
  })
})

it('canonical JSON has its members in order and nothing between them', () =>
  expect(canonical({ b: [1, null, true], a: { z: '中“\n', y: -2 } })).toBe('{"a":{"y":-2,"z":"中“\\n"},"b":[1,null,true]}'))
