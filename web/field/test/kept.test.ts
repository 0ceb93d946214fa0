// What lies on the phone: sealed, opened by the PIN or by a log-in, and taken to another phone.
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { PART } from '@wangge/shared/src/upload'
import { DRAFT, forgetView, Kept } from '../src/kept/kept'
import { open, randomBytes, seal, sealingKey, sha256 } from '../src/kept/seal'
import { Store } from '../src/kept/store'
import { addDevice, dropDevice, forgetVault, isStale, MOST_WRONG, openByDevice, openByLogIn, openByPin, takePin, vaultOf } from '../src/kept/vault'
import { MediaBox } from '../src/outbox/media'
import { Outbox } from '../src/outbox/outbox'
import { exported, imported, NotOurs } from '../src/outbox/transfer'

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))
const person = (user: string) => ({ user, name: '示竹', login: 'worker' })
const FEW = 1000 // rounds: the work is not what is tested
const server = () => base64(randomBytes(32))

describe('the vault', () => {
  it('opens by PIN and by log-in with the same key, and by nothing else', async () => {
    const [keys, other] = [[server()], [server()]]
    const { key } = await openByLogIn(person('a'), 'phone', keys, '270418', FEW)
    expect(key.extractable).toBe(false)
    const sealed = await seal(key, { text: '井盖破损' }, 'operations/1')
    const tried = await openByPin('a', '270418')
    if (!('opened' in tried)) throw new Error('the PIN should open')
    expect(await open(tried.opened.key, sealed, 'operations/1')).toEqual({ text: '井盖破损' })
    const again = await openByLogIn(person('a'), 'phone', keys, null, FEW)
    expect(await open(again.key, sealed, 'operations/1')).toEqual({ text: '井盖破损' })
    await expect(open(key, sealed, 'operations/2')).rejects.toThrow() // moved to another row
    await expect(openByLogIn(person('a'), 'phone', other, null, FEW)).rejects.toThrow()
    expect(await openByPin('a', '270419')).toEqual({ left: MOST_WRONG - 1 })
  })
  it('counts wrong PINs over restarts, then only a log-in opens it', async () => {
    const keys = [server()]
    await openByLogIn(person('b'), 'phone', keys, '270418', FEW)
    for (let left = MOST_WRONG - 1; left >= 0; left--) expect(await openByPin('b', '000001')).toEqual({ left })
    expect(await openByPin('b', '270418')).toEqual({ left: 0 })
    await openByLogIn(person('b'), 'phone', keys, '918273', FEW)
    expect('opened' in (await openByPin('b', '918273'))).toBe(true)
  })
  it('gets its PIN back by the log-in after a session that ended', async () => {
    const keys = [server()]
    const { key } = await openByLogIn(person('c'), 'phone', keys, '270418', FEW)
    await takePin('c', key)
    expect(await openByPin('c', '270418')).toEqual({ left: 0 })
    await openByLogIn(person('c'), 'phone', keys, null, FEW)
    expect('opened' in (await openByPin('c', '270418'))).toBe(true)
  })
  it('survives a change of the installation’s keys', async () => {
    const [old, now] = [server(), server()]
    const { key } = await openByLogIn(person('d'), 'phone', [old], '270418', FEW)
    const sealed = await seal(key, 1, 'x')
    await openByLogIn(person('d'), 'phone', [now, old], null, FEW)
    expect(await open((await openByLogIn(person('d'), 'phone', [now], null, FEW)).key, sealed, 'x')).toBe(1)
    await forgetVault('d')
    expect(await vaultOf('d')).toBeUndefined()
  })
  it('opens by the device’s own unlock, once the PIN said who asks for it', async () => {
    const [keys, secret, passkey] = [[server()], randomBytes(32), { id: randomBytes(16), salt: randomBytes(32) }]
    const { key } = await openByLogIn(person('u'), 'phone', keys, '270418', FEW)
    const sealed = await seal(key, '井盖破损', 'x')
    expect(await addDevice('u', '000001', passkey, secret)).toEqual({ left: MOST_WRONG - 1 })
    expect(await openByDevice('u', secret)).toBeNull()
    await addDevice('u', '270418', passkey, secret)
    const found = await openByDevice('u', secret)
    expect(found && await open(found.key, sealed, 'x')).toBe('井盖破损')
    await expect(openByDevice('u', randomBytes(32))).rejects.toThrow()
    // a session that ended takes it away, a log-in brings it back
    await takePin('u', key)
    expect(await openByDevice('u', secret)).toBeNull()
    await openByLogIn(person('u'), 'phone', keys, null, FEW)
    expect(await openByDevice('u', secret)).not.toBeNull()
    // wrong PINs take it away for good, as its person may
    for (let n = 0; n < MOST_WRONG; n++) await openByPin('u', '000001')
    expect(await openByDevice('u', secret)).toBeNull()
    await openByLogIn(person('u'), 'phone', keys, '918273', FEW)
    expect(await openByDevice('u', secret)).toBeNull()
    await addDevice('u', '918273', passkey, secret)
    await dropDevice('u')
    expect(await openByDevice('u', secret)).toBeNull()
    expect('opened' in (await openByPin('u', '918273'))).toBe(true)
  })
  it('is stale after a week without the server', async () => {
    const { vault } = await openByLogIn(person('e'), 'phone', [server()], '270418', FEW)
    expect(isStale(vault, vault.contact + 6 * 86_400_000)).toBe(false)
    expect(isStale(vault, vault.contact + 8 * 86_400_000)).toBe(true)
  })
})

describe('what the server told', () => {
  it('goes; drafts stay', async () => {
    const store = new Store('f')
    const kept = new Kept(store, await sealingKey(randomBytes(32)))
    await kept.put('case:1', { title: '他人的事' })
    await kept.put(`${DRAFT}report`, { text: '我的草稿' })
    await forgetView(store)
    expect(await kept.get('case:1')).toBeNull()
    expect((await kept.get<{ text: string }>(`${DRAFT}report`))?.value.text).toBe('我的草稿')
  })
})

describe('another phone', () => {
  it('takes over what is not sent, once, for the same person and the right words alone', async () => {
    const phone = async (name: string) => {
      const [store, key] = [new Store(name), await sealingKey(randomBytes(32))]
      return { box: new Outbox(store, key), files: new MediaBox(store, key) }
    }
    const [from, to] = [await phone('g'), await phone('h')]
    const bytes = randomBytes(60_000)
    const big = new Uint8Array(PART + 60_000)
    big.set(bytes, PART)
    const file = await from.files.add(new Blob([big], { type: 'video/mp4' }), { of: 'draft:report', role: 'report', thumb: '' })
    await from.box.capture([{ id: 'o1', case: 'c1', kind: 'report', title: '井盖', given: { id: 'c1', text: '井盖' }, version: null, at: 5 }], { draft: 'draft:report' })

    const made = await exported('me', from.box, from.files, 'eight words', { rounds: FEW })
    expect(await made.text()).not.toContain('井盖')
    await expect(imported('me', made, 'other words', to.box, to.files)).rejects.toEqual(new NotOurs('words'))
    await expect(imported('you', made, 'eight words', to.box, to.files)).rejects.toEqual(new NotOurs('person'))
    await expect(imported('me', new Blob(['PK…']), 'eight words', to.box, to.files)).rejects.toEqual(new NotOurs('format'))
    expect(await imported('me', made, 'eight words', to.box, to.files)).toBe(1)
    expect(await imported('me', made, 'eight words', to.box, to.files)).toBe(0)
    expect((await to.box.all()).map((o) => [o.id, o.standing, o.given])).toEqual([['o1', 'waiting', { id: 'c1', text: '井盖' }]])
    const [there] = await to.files.of('o1')
    expect(there?.sha256).toBe(file.sha256)
    expect(await sha256(await (await to.files.whole(file)).arrayBuffer())).toBe(file.sha256)
  })
})
