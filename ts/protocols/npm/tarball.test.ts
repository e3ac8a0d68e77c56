import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bytesOf } from '../../testing/bytes.ts'
import { inspectTarball } from './tarball.ts'
import { aTarball, type TarEntry, tarOf } from './tarball-builder.ts'
import { defaultTarballLimits } from './tarball-facts.ts'

const packageJson = { path: 'package/package.json', body: '{"name":"a","version":"1.0.0"}' }

async function* inPieces(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('what is found', () => {
  test('package.json, counts, README and the files that change a manifest, however the bytes are cut', async () => {
    const tarball = aTarball(
      { name: 'a', scripts: { test: 'x' } },
      {
        'README.md': '# é',
        readme: 'plain',
        'npm-shrinkwrap.json': '{}',
        'lib/README.md': 'no',
        'x.gyp': '',
        'server.js': '1',
      },
    )
    for (const size of [1, 100, 1 << 20]) {
      assert.deepEqual(await inspectTarball(inPieces(tarball, size)), {
        packageJson: { name: 'a', scripts: { test: 'x' } },
        hasInstallScript: false,
        hasShrinkwrap: true,
        hasGypFile: true,
        hasServerScript: true,
        unpackedSizeBytes: 35 + 4 + 5 + 2 + 2 + 1,
        fileCount: 7,
        readme: '# é',
        readmeFilename: 'README.md',
      })
    }
  })

  test('the top directory may have any name, and its own entries are no files', async () => {
    const archive = tarOf([
      { path: './', type: 'Directory' },
      { path: './package.json', body: '{"name":"b"}' },
      { path: './/lib/./x.js', body: '1' },
    ])
    const facts = await inspectTarball(bytesOf(gzipSync(archive)))
    assert.deepEqual([facts.packageJson['name'], facts.fileCount], ['b', 2])
  })

  const install: [what: string, packageJson: object, files: Record<string, string>, expected: boolean][] = [
    ['no script', { scripts: { test: 'x' } }, {}, false],
    ['a postinstall script', { scripts: { postinstall: 'x' } }, {}, true],
    ['an empty preinstall script', { scripts: { preinstall: '' } }, {}, false],
    ['a binding.gyp', {}, { 'binding.gyp': '{}' }, true],
    ['a binding.gyp switched off', { gypfile: false }, { 'binding.gyp': '{}' }, false],
    ['a binding.gyp deeper', {}, { 'src/binding.gyp': '{}' }, false],
  ]
  for (const [what, manifest, files, expected] of install) {
    test(`${what}: ${expected ? 'an' : 'no'} install script`, async () => {
      assert.equal((await inspectTarball(bytesOf(aTarball(manifest, files)))).hasInstallScript, expected)
    })
  }

  test('a long README is cut between characters', async () => {
    const facts = await inspectTarball(bytesOf(aTarball({}, { README: 'é'.repeat(50) })), {
      ...defaultTarballLimits,
      maxReadmeBytes: 11,
    })
    assert.equal(facts.readme, 'ééééé')
  })

  test('a byte order mark before package.json is skipped, as clients do', async () => {
    const archive = tarOf([{ ...packageJson, body: `\ufeff${packageJson.body}` }])
    assert.equal((await inspectTarball(bytesOf(gzipSync(archive)))).packageJson['name'], 'a')
  })
})

describe('archives that are refused', () => {
  const table: { name: string; entries: TarEntry[]; message: RegExp }[] = [
    { name: 'no package.json', entries: [{ path: 'package/x', body: '1' }], message: /no package.json/ },
    {
      name: 'package.json deeper only',
      entries: [{ path: 'package/a/package.json', body: '{}' }],
      message: /no package.json/,
    },
    { name: 'package.json at the top', entries: [{ path: 'package.json', body: '{}' }], message: /no package.json/ },
    { name: 'no entry at all', entries: [], message: /no package.json|no valid tar/ },
    { name: 'package.json twice', entries: [packageJson, packageJson], message: /two files package.json/ },
    {
      name: 'package.json disguised',
      entries: [packageJson, { path: 'package/./package.json' }],
      message: /two files/,
    },
    {
      name: 'package.json in another case',
      entries: [{ path: 'package/Package.JSON', body: '{}' }],
      message: /must be named/,
    },
    { name: 'package.json that is no JSON', entries: [{ ...packageJson, body: '{' }], message: /not JSON/ },
    { name: 'package.json that is an array', entries: [{ ...packageJson, body: '[]' }], message: /no object/ },
    {
      name: 'an absolute path',
      entries: [packageJson, { path: '/etc/passwd' }],
      message: /"\/etc\/passwd" is absolute/,
    },
    { name: 'a drive', entries: [packageJson, { path: 'C:/x' }], message: /absolute/ },
    { name: 'a parent', entries: [packageJson, { path: 'package/../../x' }], message: /contains "\.\."/ },
    { name: 'a parent on top', entries: [{ path: '../package.json' }], message: /contains "\.\."/ },
    { name: 'a backslash', entries: [packageJson, { path: 'package/..\\x' }], message: /backslash/ },
    { name: 'two tops', entries: [packageJson, { path: 'other/x' }], message: /not in one top directory/ },
    {
      name: 'a symlink',
      entries: [packageJson, { path: 'package/l', type: 'SymbolicLink', linkpath: '/' }],
      message: /is a Symb/,
    },
    {
      name: 'a hard link',
      entries: [packageJson, { path: 'package/l', type: 'Link', linkpath: 'x' }],
      message: /is a Link/,
    },
    { name: 'a device', entries: [packageJson, { path: 'package/d', type: 'CharacterDevice' }], message: /is a Char/ },
    { name: 'a pipe', entries: [packageJson, { path: 'package/p', type: 'FIFO' }], message: /is a FIFO/ },
    {
      name: 'a sparse file',
      entries: [packageJson, { path: 'package/s', type: 'SparseFile' }],
      message: /is a SparseFile/,
    },
    {
      name: 'a NUL in a path',
      entries: [packageJson, { path: 'package/x', paxPath: 'package/a\0.js' }],
      message: /NUL/,
    },
    {
      name: 'a parent in a pax path',
      entries: [packageJson, { path: 'package/x', paxPath: 'package/../x' }],
      message: /\.\./,
    },
    {
      name: 'a long path',
      entries: [packageJson, { path: 'package/x', paxPath: `package/${'a/'.repeat(600)}x` }],
      message: /longer/,
    },
  ]
  for (const { name, entries, message } of table) {
    test(name, async () => {
      const tarball = gzipSync(tarOf(entries))
      await assert.rejects(inspectTarball(bytesOf(tarball)), { code: 'payload_invalid', message })
    })
  }

  const good = aTarball({ name: 'a' }, { x: randomBytes(5000) })
  const bytes: [name: string, bytes: Buffer, message: RegExp][] = [
    ['nothing', Buffer.alloc(0), /not one whole gzip/],
    ['one byte', Buffer.of(0x1f), /not one whole gzip/],
    ['plain text', Buffer.from('hello, this is no gzip'), /not one whole gzip/],
    ['an archive without gzip', tarOf([packageJson]), /not one whole gzip/],
    ['a gzip file cut short', good.subarray(0, -20), /not one whole gzip.*unexpected end/],
    ['garbage behind the gzip file', Buffer.concat([good, Buffer.from('garbage')]), /not one whole gzip/],
    ['gzip in gzip', gzipSync(good), /compressed twice/],
    [
      'an archive cut short',
      gzipSync(tarOf([packageJson, { path: 'package/x', body: 'x'.repeat(2000) }]).subarray(0, 2000)),
      /Truncated/,
    ],
    ['noise in gzip', gzipSync(randomBytes(2000)), /no valid tar/],
  ]
  for (const [name, tarball, message] of bytes) {
    test(name, async () => {
      for (const size of [1, 1 << 20]) {
        await assert.rejects(inspectTarball(inPieces(tarball, size)), { code: 'payload_invalid', message })
      }
    })
  }
})

describe('limits', () => {
  const zeros = (size: number) => bytesOf(aTarball({ name: 'a' }, { zeros: Buffer.alloc(size) }))

  test('an archive that unpacks to too much', async () => {
    const limits = { ...defaultTarballLimits, maxUnpackedBytes: 100_000 }
    await assert.rejects(inspectTarball(zeros(200_000), limits), { code: 'payload_too_large', message: /100000 bytes/ })
  })

  test('a bomb is stopped by its ratio, long before its end', async () => {
    await assert.rejects(inspectTarball(zeros(40_000_000)), { code: 'payload_invalid', message: /200 times its size/ })
    assert.equal((await inspectTarball(zeros(10_000_000))).unpackedSizeBytes, 10_000_012)
  })

  test('too many entries', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, '']))
    const limits = { ...defaultTarballLimits, maxEntries: 20 }
    await assert.rejects(inspectTarball(bytesOf(aTarball({}, files)), limits), { message: /more than 20 entries/ })
  })

  test('a large package.json', async () => {
    const limits = { ...defaultTarballLimits, maxPackageJsonBytes: 10 }
    await assert.rejects(inspectTarball(bytesOf(aTarball({ name: 'long enough' })), limits), {
      message: /larger than 10/,
    })
  })
})

test('an error of the source is passed on as it is', async () => {
  async function* cut(): AsyncIterable<Uint8Array> {
    yield aTarball({ name: 'a' }).subarray(0, 30)
    throw new Error('connection reset')
  }
  await assert.rejects(inspectTarball(cut()), /connection reset/)
})
