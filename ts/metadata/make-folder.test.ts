import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openTestFolder } from '../testing/stores.ts'
import { makeFolder } from './make-folder.ts'

describe('makeFolder', () => {
  test('makes the folders above, all with the mode, and is done when it is there', async () => {
    await using folder = await openTestFolder()
    const path = join(folder.path, 'a', 'b', 'c')
    makeFolder(path, 0o700)
    for (const made of [path, join(path, '..')]) assert.equal((await stat(made)).mode & 0o777, 0o700)
    makeFolder(path, 0o755)
    assert.equal((await stat(path)).mode & 0o777, 0o700)
  })

  test('leaves a file of that name alone, and makes nothing below one', async () => {
    await using folder = await openTestFolder()
    const file = join(folder.path, 'file')
    await writeFile(file, 'text')
    makeFolder(file)
    assert.equal((await stat(file)).size, 4)
    assert.throws(() => makeFolder(join(file, 'a')), { code: 'ENOTDIR' })
  })

  test('ends where a file system has no room for folders', { skip: !existsSync('/proc/self') }, () => {
    assert.throws(() => makeFolder('/proc/x/y'), { message: 'no folder can be made in /proc' })
  })
})
