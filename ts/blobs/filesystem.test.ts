import assert from 'node:assert/strict'

import { mkdir, mkdtemp, readdir, readlink, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCode } from '../errors.ts'
import { bytesOf } from '../testing/bytes.ts'
import { blobStoreContract, put, stalling } from './contract.ts'
import { filesystemBlobStore } from './filesystem.ts'

blobStoreContract('filesystem', async () => {
  const dir = await temporaryDir()
  return {
    store: await filesystemBlobStore({ dir }),
    async [Symbol.asyncDispose]() {
      assert.deepEqual(await openBelow(dir), [], 'a handle was left open')
      await rm(dir, { recursive: true })
    },
  }
})

async function temporaryDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'stowage-blobs-'))
}

/** The open files of this process below the directory. */
async function openBelow(dir: string): Promise<string[]> {
  const targets = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(targets)).filter((target) => target.startsWith(dir))
}
