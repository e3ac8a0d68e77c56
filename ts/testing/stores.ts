import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnySpec } from '../metadata/documents.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'
import type { Opened } from './contract.ts'

/** A folder of its own under the system's temporary one; gone, with all that is in it, when disposed of. */
export async function openTestFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'stowage-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A fresh embedded store with these collections; closed and removed when disposed of. */
export async function openTestEngine(collections: readonly AnySpec[] = []): Promise<Opened<MetadataEngine>> {
  const folder = await openTestFolder()
  const engine = await openSqliteEngine({ path: join(folder.path, 'metadata.sqlite'), collections, schemaVersion: 1 })
  return {
    store: engine,
    async [Symbol.asyncDispose]() {
      await engine.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
