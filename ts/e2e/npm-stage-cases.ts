import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client } from '../testing/clients.ts'
import { npmDialect } from './dialects.ts'
import { openHome, packageFolder, tell } from './shared-cases.ts'

/** Registers what `npm stage` does, from npm 12 on. */
export function npmStageCases(client: Client, registryOf: () => ClientRegistry): void {
  test('a stage is seen by nobody until it is approved, then by all', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry)
    const folder = await packageFolder(home, npmDialect, { name: 'staged', version: '1.0.0' })
    const id = stageId(await home.ok(folder, ['stage', 'publish']))
    assert.match(await home.ok(folder, ['stage', 'list', 'staged']), new RegExp(`id: ${id}[\\s\\S]*version: 1\\.0\\.0`))
    assert.match(await home.ok(folder, ['stage', 'view', id]), /staged by: admin/)
    assert.match(await home.fails(folder, ['view', 'staged']), /There is no package "staged"/)
    assert.match(
      await home.fails(folder, ['publish']),
      /1\.0\.0 is staged and waits for approval; its number is reserved/,
    )
    await home.ok(folder, ['stage', 'download', id])
    assert.ok(existsSync(join(folder, `staged-1.0.0-${id}.tgz`)))
    await home.ok(folder, ['stage', 'approve', id])
    assert.equal((await home.ok(folder, ['view', 'staged', 'version'])).trim(), '1.0.0')
    assert.match(await home.fails(folder, ['stage', 'approve', id]), /There is no open stage/)
  })

  test('a rejected stage frees its number', async (t) => {
    tell(t, client)
    await using home = await openHome(client, npmDialect, registryOf())
    const folder = await packageFolder(home, npmDialect, { name: 'rejected', version: '1.0.0' })
    await home.ok(folder, ['stage', 'reject', stageId(await home.ok(folder, ['stage', 'publish']))])
    await home.ok(folder, ['publish'])
  })

  test('where approval is demanded, publishing needs a stage and somebody else', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.server.command(['repo', 'create', 'npm/main/guarded'])
    await registry.server.command(['repo', 'set', 'npm/main/guarded', '--requires-approval'])
    const reviewer = await registry.person('reviewer')
    const at = 'npm/main/guarded/'
    await using home = await openHome(client, npmDialect, registry, { at })
    await using other = await openHome(client, npmDialect, registry, { at, token: reviewer })
    const folder = await packageFolder(home, npmDialect, { name: 'guarded', version: '1.0.0' })
    assert.match(await home.fails(folder, ['publish']), /accepts staged publishes only/)
    const id = stageId(await home.ok(folder, ['stage', 'publish']))
    assert.match(
      await home.fails(folder, ['stage', 'approve', id]),
      /approved by somebody else than the person who staged it/,
    )
    await other.ok(other.path, ['stage', 'approve', id])
    const view = await other.ok(other.path, ['view', 'guarded', '_npmUser.name'])
    assert.equal(view.trim(), 'admin')
  })
}

function stageId(printed: string): string {
  return /staged with id ([\da-f-]{36})/.exec(printed)?.[1] ?? assert.fail(`no stage in: ${printed}`)
}
