import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  abbreviatedPackument,
  fullPackument,
  type NpmVersionInput,
  type PackumentInput,
  prepareVersion,
  printTags,
  versionManifest,
} from './packument.ts'

const registryUrl = 'https://registry.example.com/npm/acme/main/'

function aVersion(version: string, manifest: object = {}, over: Partial<NpmVersionInput> = {}): NpmVersionInput {
  return {
    version,
    manifest: { name: '@acme/thing', version, ...manifest },
    dist: {
      integrity: 'sha512-x',
      shasum: 'abc',
      fileCount: 3,
      unpackedSize: 99,
      signatures: [{ keyid: 'SHA256:k', sig: 's' }],
    },
    publishedAt: `2026-01-0${version[0]}T00:00:00.000Z`,
    hasInstallScript: false,
    hasShrinkwrap: false,
    ...over,
  }
}

function aPackument(
  versions: NpmVersionInput[],
  over: Partial<PackumentInput> = {},
  deprecated?: string,
): PackumentInput {
  const name = over.name ?? '@acme/thing'
  return {
    name,
    tags: [['latest', versions.at(-1)?.version ?? '']],
    versions: versions.map((version) => ({
      prepared: prepareVersion(name, version),
      ...(deprecated === undefined ? {} : { deprecated }),
    })),
    maintainers: [{ name: 'ada', email: 'ada@example.com' }],
    createdAt: '2026-01-01T00:00:00.000Z',
    modifiedAt: '2026-02-01T00:00:00.000Z',
    revision: '7',
    registryUrl,
    ...over,
  }
}

const full = (input: PackumentInput) => JSON.parse(fullPackument(input).toString())
const abbreviated = (input: PackumentInput) => JSON.parse(abbreviatedPackument(input).toString())

test('the full packument holds the manifests as published, and what the registry knows', () => {
  const manifest = { description: 'd', x: { unknown: [1] }, dist: { tarball: 'http://elsewhere/' }, readme: 'long' }
  const publisher = { name: 'ada', email: 'ada@example.com' }
  const version = aVersion('1.0.0', manifest, { hasInstallScript: true, publisher })
  assert.deepEqual(full(aPackument([version], { readme: '# r', readmeFilename: 'README.md' })), {
    _id: '@acme/thing',
    _rev: '7',
    name: '@acme/thing',
    'dist-tags': { latest: '1.0.0' },
    versions: {
      '1.0.0': {
        name: '@acme/thing',
        version: '1.0.0',
        _id: '@acme/thing@1.0.0',
        description: 'd',
        x: { unknown: [1] },
        hasInstallScript: true,
        _hasShrinkwrap: false,
        _npmUser: publisher,
        dist: { ...version.dist, tarball: `${registryUrl}@acme/thing/-/thing-1.0.0.tgz` },
        maintainers: [publisher],
      },
    },
    time: {
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-02-01T00:00:00.000Z',
      '1.0.0': '2026-01-01T00:00:00.000Z',
    },
    maintainers: [publisher],
    description: 'd',
    readme: '# r',
    readmeFilename: 'README.md',
  })
})

test('the abbreviated packument holds what an install needs and nothing else', () => {
  const needed = {
    dependencies: { a: '1' },
    optionalDependencies: { b: '1' },
    devDependencies: { c: '1' },
    bundleDependencies: ['a'],
    peerDependencies: { d: '1' },
    peerDependenciesMeta: { d: { optional: true } },
    bin: { thing: 'cli.js' },
    directories: { bin: 'bin' },
    engines: { node: '>=20' },
    cpu: ['x64'],
    os: ['linux'],
    libc: ['musl'],
    funding: 'https://example.com',
  }
  const facts = { hasInstallScript: true, hasShrinkwrap: true }
  const version = aVersion('1.0.0', { ...needed, description: 'd', scripts: { install: 'x' } }, facts)
  const printed = abbreviated(aPackument([version], {}, 'use 2'))
  assert.deepEqual(printed.versions['1.0.0'], {
    name: '@acme/thing',
    version: '1.0.0',
    ...needed,
    hasInstallScript: true,
    _hasShrinkwrap: true,
    dist: { ...version.dist, tarball: `${registryUrl}@acme/thing/-/thing-1.0.0.tgz` },
    deprecated: 'use 2',
  })
  assert.deepEqual(Object.keys(printed).sort(), ['dist-tags', 'modified', 'name', 'time', 'versions'])
  assert.equal(printed.modified, '2026-02-01T00:00:00.000Z')
  assert.equal(printed.time['1.0.0'], '2026-01-01T00:00:00.000Z')
})

test('bundledDependencies are served under the name that npm reads', () => {
  const printed = abbreviated(aPackument([aVersion('1.0.0', { bundledDependencies: ['a'] })]))
  assert.deepEqual(printed.versions['1.0.0'].bundleDependencies, ['a'])
})

test('an absent deprecation is absent, and one in the published manifest does not count', () => {
  const published = aVersion('1.0.0', { deprecated: 'from the manifest' })
  assert.equal('deprecated' in full(aPackument([published])).versions['1.0.0'], false)
  assert.equal(full(aPackument([published], {}, 'really')).versions['1.0.0'].deprecated, 'really')
})

test('attestations are below the address that the client uses', () => {
  const version = aVersion(
    '1.0.0',
    {},
    { dist: { ...aVersion('1.0.0').dist, provenance: 'https://slsa.dev/provenance/v1' } },
  )
  const { dist } = abbreviated(aPackument([version])).versions['1.0.0']
  assert.deepEqual(dist.attestations, {
    url: `${registryUrl}-/npm/v1/attestations/@acme%2fthing@1.0.0`,
    provenance: { predicateType: 'https://slsa.dev/provenance/v1' },
  })
  assert.equal(dist.tarball, `${registryUrl}@acme/thing/-/thing-1.0.0.tgz`)
})

describe('names of object members are ordinary names', () => {
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
    test(name, () => {
      const manifest = JSON.parse(`{"dependencies":{"${name}":"1"},"${name}":{"x":1}}`)
      const input = aPackument([aVersion('1.0.0', manifest)], {
        name,
        tags: [
          ['latest', '1.0.0'],
          [name, '1.0.0'],
        ],
      })
      const printed = full(input)
      assert.equal(printed.name, name)
      assert.deepEqual(Object.entries(printed['dist-tags']), [
        ['latest', '1.0.0'],
        [name, '1.0.0'],
      ])
      assert.ok(Object.hasOwn(printed.versions['1.0.0'].dependencies, name))
      assert.ok(Object.hasOwn(abbreviated(input).versions['1.0.0'].dependencies, name))
      assert.equal(printTags(input), `{"latest":"1.0.0","${name}":"1.0.0"}`)
      assert.ok(versionManifest(input, name))
    })
  }
  test('a member __proto__ of a manifest survives', () => {
    const manifest = JSON.parse('{"__proto__":{"x":1}}')
    assert.match(fullPackument(aPackument([aVersion('1.0.0', {}, { manifest })])).toString(), /"__proto__":\{"x":1\}/)
  })
})

test('one version is printed by its number or by a tag, else not at all', () => {
  const input = aPackument([aVersion('1.0.0'), aVersion('2.0.0')], {}, 'old')
  const byTag = JSON.parse(versionManifest(input, 'latest')?.toString() ?? '')
  assert.deepEqual(byTag, full(input).versions['2.0.0'])
  assert.equal(JSON.parse(versionManifest(input, '1.0.0')?.toString() ?? '').version, '1.0.0')
  assert.equal(versionManifest(input, '3.0.0'), undefined)
})

test('an address with quotes stays inside its string', () => {
  const url = 'https://registry.example.com/a"b\\/'
  assert.match(full(aPackument([aVersion('1.0.0')], { registryUrl: url })).versions['1.0.0'].dist.tarball, /a"b\\\//)
})
