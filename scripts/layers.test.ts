import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const root = join(import.meta.dirname, '..')

/** What each folder may not and may import. */
const refused: Record<string, string[]> = {
  'ts/errors.ts': ['./metadata/engine.ts', './app.ts', 'hono'],
  'ts/config/values.ts': ['../errors.ts'],
  'ts/metadata/sqlite.ts': ['../registry/registry.ts', '../access/access.ts', '../blobs/store.ts', '../config.ts'],
  'ts/blobs/s3.ts': ['../metadata/engine.ts', '../config.ts'],
  'ts/http/ranges.ts': ['../registry/registry.ts', '../access/access.ts', '../protocols/protocol.ts'],
  'ts/access/tokens.ts': [
    '../registry/registry.ts',
    '../protocols/all.ts',
    '../http/server.ts',
    'hono',
    '../metadata/mongo.ts',
  ],
  'ts/registry/publish.ts': [
    '../http/server.ts',
    '../protocols/protocol.ts',
    '../api/users.ts',
    '../pages/setup.ts',
    '../cli/serve.ts',
    '../app.ts',
    '../blobs/s3.ts',
    'hono',
    'hono/html',
    'node:http',
  ],
  'ts/registry/images/links.ts': ['../../http/server.ts', '../../protocols/protocol.ts', '../../blobs/s3.ts', 'hono'],
  'ts/jobs/all.ts': ['../http/server.ts', '../protocols/all.ts', '../metadata/sqlite.ts'],
  'ts/protocols/all.ts': ['../app.ts', '../api/users.ts', '../metadata/sqlite.ts'],
  'ts/protocols/npm/npm.ts': [
    '../oci/oci.ts',
    '../all.ts',
    '../../app.ts',
    '../../cli/serve.ts',
    '../../metadata/sqlite.ts',
    '../../metadata/mongo.ts',
    '../../blobs/filesystem.ts',
    '../../blobs/s3.ts',
  ],
  'ts/api/users.ts': ['../protocols/npm/npm.ts', '../cli/serve.ts', '../blobs/s3.ts'],
  'ts/pages/setup.ts': ['../api/users.ts', '../protocols/npm/npm.ts', '../metadata/sqlite.ts'],
  'ts/app.ts': ['./cli/serve.ts', './metadata/sqlite.ts'],
  'ts/cli/serve.ts': ['../metadata/sqlite.ts', '../blobs/s3.ts'],
  'ts_interfaces/users.ts': ['../ts/errors.ts', 'hono', 'node:fs'],
}
const allowed: Record<string, string[]> = {
  'ts/config.ts': ['./config/values.ts', './errors.ts'],
  'ts/metadata/mongo.ts': ['./engine.ts', '../errors.ts', '../worker-source.ts', 'mongodb'],
  'ts/access/users.ts': ['../metadata/schema.ts', '../log.ts'],
  'ts/access/audit/store.ts': ['../../metadata/engine.ts', '../../errors.ts', '../../ids.ts'],
  'ts/registry/search.ts': ['../access/access.ts', '../blobs/store.ts', '../metadata/engine.ts'],
  'ts/registry/images/tags.ts': ['../store.ts', '../../blobs/store.ts', '../../metadata/engine.ts', '../../errors.ts'],
  'ts/protocols/npm/routes.ts': ['../protocol.ts', '../../registry/registry.ts', '../../http/ranges.ts', 'hono'],
  'ts/cli/open-stores.ts': ['../metadata/sqlite.ts', '../metadata/mongo.ts', '../blobs/s3.ts'],
  'ts_interfaces/tokens.ts': ['zod', './users.ts'],
}

interface Report {
  readonly diagnostics: readonly {
    readonly category?: string
    readonly location: { readonly path: unknown; readonly start?: { readonly line: number } }
  }[]
}

let dir: string
/** `file:line` of each refused import. */
let found: string[]

describe('the direction of imports', () => {
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'stowage-layers-'))
    const settings = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
    writeFileSync(join(dir, 'biome.json'), JSON.stringify({ ...settings, $schema: undefined, vcs: { enabled: false } }))
    for (const [file, imports] of [...Object.entries(refused), ...Object.entries(allowed)]) {
      mkdirSync(dirname(join(dir, file)), { recursive: true })
      writeFileSync(join(dir, file), imports.map((name) => `import '${name}'\n`).join(''))
    }
    writeFileSync(join(dir, 'ts/protocols/npm/env.ts'), "export const port = process.env['PORT']\n")
    found = lint()
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  for (const [file, imports] of Object.entries(refused)) {
    for (const [i, name] of imports.entries()) {
      test(`${file} may not import ${name}`, () => assert.ok(found.includes(`${file}:${i + 1}`)))
    }
  }
  for (const [file, imports] of Object.entries(allowed)) {
    for (const [i, name] of imports.entries()) {
      test(`${file} may import ${name}`, () => assert.ok(!found.includes(`${file}:${i + 1}`)))
    }
  }
  test('a protocol may not read the environment', () => assert.ok(found.includes('ts/protocols/npm/env.ts:1')))
})

function lint(): string[] {
  const rules = ['style/noRestrictedImports', 'style/noProcessEnv'].map((rule) => `--only=${rule}`)
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', ...rules]
  const { stdout } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' })
  const report: Report = JSON.parse(stdout)
  return report.diagnostics.map(({ location }) => `${String(location.path)}:${location.start?.line}`)
}
