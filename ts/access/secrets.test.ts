import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { openTestFolder } from '../testing/stores.ts'
import { loadSecrets, type Secrets, sealerOf } from './secrets.ts'

describe('the secrets', () => {
  test('are made once, for their owner alone, and then stay', async () => {
    await using folder = await openTestFolder()
    const dataDir = join(folder.path, 'not', 'there')
    const first = await loadSecrets({ dataDir })
    const second = await loadSecrets({ dataDir })
    assert.equal(second.jwtSecret, first.jwtSecret)
    assert.equal(second.sealer.unseal(first.sealer.seal('text')), 'text')
    assert.deepEqual((await readdir(dataDir)).sort(), ['encryption.key', 'jwt.secret'])
    for (const name of await readdir(dataDir)) assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600)
  })

  test('are the same for all that make them at once', async () => {
    await using folder = await openTestFolder()
    const loading: Promise<Secrets>[] = []
    // One after the other in the middle of the work of those before.
    for (let i = 0; i < 100; i++) {
      loading.push(loadSecrets({ dataDir: folder.path }))
      await setImmediate()
    }
    const all = await Promise.all(loading)
    assert.equal(new Set(all.map(({ jwtSecret }) => jwtSecret)).size, 1)
    const sealed = all[0]?.sealer.seal('text') ?? ''
    for (const { sealer } of all) assert.equal(sealer.unseal(sealed), 'text')
    assert.equal((await readdir(folder.path)).length, 2)
  })

  test('that are given leave no files', async () => {
    await using folder = await openTestFolder()
    const given = { jwtSecret: 'j'.repeat(32), encryptionKey: 'e'.repeat(32) }
    assert.equal((await loadSecrets({ dataDir: folder.path, ...given })).jwtSecret, given.jwtSecret)
    assert.deepEqual(await readdir(folder.path), [])
  })

  test('in a damaged file are not replaced', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'encryption.key')
    await writeFile(path, 'short\n')
    await assert.rejects(loadSecrets({ dataDir: folder.path }), /encryption\.key must hold at least 32 characters/)
    assert.equal(await readFile(path, 'utf8'), 'short\n')
  })
})

describe('a sealed text', () => {
  const sealer = sealerOf('k'.repeat(32))

  test('is read again, whatever it holds, and never twice the same', () => {
    for (const text of ['', 'text', 'ä😀\0']) assert.equal(sealer.unseal(sealer.seal(text)), text)
    assert.notEqual(sealer.seal('text'), sealer.seal('text'))
  })

  test('that was changed, cut or sealed with another key is refused', () => {
    const sealed = sealer.seal('a longer text')
    const changed = sealed.slice(0, 20) + (sealed[20] === 'A' ? 'B' : 'A') + sealed.slice(21)
    for (const wrong of [changed, sealed.slice(0, -2), sealed.slice(0, 10), '', sealerOf('l'.repeat(32)).seal('x')]) {
      assert.throws(() => sealer.unseal(wrong), { code: 'internal', message: /AUTH_ENCRYPTION_KEY/ })
    }
  })
})
