import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { skipUnless } from '../testing/backends.ts'
import { openTestFolder } from '../testing/stores.ts'
import { openTestStore } from './contract-store.ts'
import { openThings, things } from './contract-things.ts'
import { openSqliteEngine } from './sqlite.ts'

/** Root may write what is read-only, unless this capability is taken away. */
const asPlainUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override', '--'] : []
const readOnlySkip = skipUnless(
  asPlainUser.length === 0 || spawnSync('setpriv', ['--version']).status === 0,
  'setpriv is not installed (Debian: util-linux)',
)

describe('opening an SQLite file', () => {
  for (const { name, modes } of [
    { name: 'a read-only file', modes: { file: 0o444, folder: 0o755 } },
    { name: 'a file in a read-only folder', modes: { file: 0o644, folder: 0o555 } },
    { name: 'a read-only file in a read-only folder', modes: { file: 0o444, folder: 0o555 } },
  ]) {
    test(`${name} is refused with one clear sentence`, { skip: readOnlySkip ?? false }, async () => {
      await using folder = await openTestFolder()
      const path = join(folder.path, 'data', 'metadata.sqlite')
      await (await openThings({ kind: 'sqlite', path })).close()
      await chmod(path, modes.file)
      await chmod(dirname(path), modes.folder)
      const { status, stderr } = openElsewhere(path)
      await chmod(dirname(path), 0o755)
      assert.match(stderr, /RegistryError: The database \/\S+ (is read-only|cannot be opened); .*writ/)
      assert.equal(status, 1)
    })
  }

  test('a path below a file is refused', async () => {
    await using folder = await openTestFolder()
    await writeFile(join(folder.path, 'file'), '')
    const path = join(folder.path, 'file', 'metadata.sqlite')
    await assert.rejects(openThings({ kind: 'sqlite', path }), {
      code: 'unavailable',
      message: /its folder must exist/,
    })
  })

  test('a folder in its place is refused', async () => {
    await using folder = await openTestFolder()
    await mkdir(join(folder.path, 'metadata.sqlite'))
    const path = join(folder.path, 'metadata.sqlite')
    await assert.rejects(openThings({ kind: 'sqlite', path }), { code: 'unavailable', message: /cannot be opened/ })
  })

  test('a file of another kind is refused and left as it is', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'metadata.sqlite')
    const text = 'not a database, but longer than its header would be: '.repeat(40)
    await writeFile(path, text)
    await assert.rejects(openThings({ kind: 'sqlite', path }), {
      code: 'unavailable',
      message: /is not an SQLite file/,
    })
    assert.equal(await readFile(path, 'utf8'), text)
  })

  test('a new file is readable by its owner alone', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'metadata.sqlite')
    const engine = await openThings({ kind: 'sqlite', path })
    for (const file of await readdir(folder.path)) {
      assert.equal((await stat(join(folder.path, file))).mode & 0o777, 0o600, file)
    }
    await engine.close()
  })
})

describe('opening for reading only', () => {
  test('reads what a writer has written and refuses to write', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'metadata.sqlite')
    const { engine, things: written } = await openTestStore({ kind: 'sqlite', path })
    await written.insert('a', { name: 'n' })
    const reader = await openSqliteEngine({ path, collections: [things], schemaVersion: 1, readOnly: true })
    assert.equal((await reader.collection(things).get('a'))?.value.name, 'n')
    await written.update('a', 1, { name: 'm' })
    assert.equal((await reader.collection(things).get('a'))?.value.name, 'm')
    await assert.rejects(reader.collection(things).insert('b', {}), { code: 'unavailable' })
    await reader.close()
    await engine.close()
  })

  test('makes no file, and takes no other schema', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'metadata.sqlite')
    const options = { path, collections: [things], readOnly: true }
    await assert.rejects(openSqliteEngine({ ...options, schemaVersion: 1 }), { code: 'unavailable' })
    assert.deepEqual(await readdir(folder.path), [])
    await (await openThings({ kind: 'sqlite', path })).close()
    await assert.rejects(openSqliteEngine({ ...options, schemaVersion: 2 }), { message: /schema 1, not 2; start the/ })
    await (await openSqliteEngine({ ...options, schemaVersion: 1 })).close()
  })
})

/** Opens the store in a process that may not write more than the modes of files say. */
function openElsewhere(path: string) {
  const address = JSON.stringify({ kind: 'sqlite', path })
  const [program = '', ...args] = [...asPlainUser, process.execPath, join(import.meta.dirname, 'contract-child.ts')]
  return spawnSync(program, [...args, address, 'n', '1'], { encoding: 'utf8' })
}
