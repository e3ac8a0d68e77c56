import { createCipheriv, createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** One version of a package, made up, the same bytes at every run. */
export interface GeneratedPackage {
  readonly name: string
  readonly version: string
  /** What `package.json` inside the tarball says. */
  readonly manifest: Readonly<Record<string, unknown>>
  readonly tarball: Buffer
}

/** Bytes that gzip cannot shrink, decided by the seed alone. */
export function noise(seed: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

/** A package whose tarball is about `fileBytes` large; its manifest is as long as that of an ordinary library. */
export function generatePackage(name: string, version: string, fileBytes: number): GeneratedPackage {
  const manifest = manifestOf(name, version)
  const entries = [
    { path: 'package/package.json', bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) },
    { path: 'package/index.js', bytes: Buffer.from(`module.exports = '${name}@${version}'\n`) },
    { path: 'package/data.bin', bytes: noise(`${name}@${version}`, fileBytes) },
  ]
  return { name, version, manifest, tarball: gzipSync(tarOf(entries), { level: 1 }) }
}

function manifestOf(name: string, version: string): Record<string, unknown> {
  return {
    name,
    version,
    description: `Generated for measuring: ${name}`,
    main: 'index.js',
    license: 'MIT',
    keywords: ['generated', 'benchmark'],
    repository: { type: 'git', url: `git+https://git.example.com/generated/${name}.git` },
    engines: { node: '>=18' },
    scripts: { test: 'node --test' },
    dependencies: {},
    devDependencies: namedRanges(`${name}@${version}`, 16),
  }
}

/** Names and ranges that differ from version to version, so that gzip has about the work that real ones give it. */
function namedRanges(seed: string, count: number): Record<string, string> {
  const bytes = noise(`ranges of ${seed}`, count * 4)
  const ranges: Record<string, string> = {}
  for (let i = 0; i < count; i++) {
    const [major, minor, patch] = bytes.subarray(i * 4)
    ranges[`@generated/development-tool-${i}`] = `^${major}.${minor}.${patch}`
  }
  return ranges
}

/** The body of `npm publish`; the attachment's address is as arbitrary as real clients leave it. */
export function publishBody({ name, version, manifest, tarball }: GeneratedPackage): Buffer {
  const file = `${name}-${version}.tgz`
  const dist = { ...distOf(tarball), tarball: `http://registry.example.com/${name}/-/${file}` }
  return Buffer.from(
    JSON.stringify({
      _id: name,
      name,
      description: manifest['description'],
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
      access: null,
      _attachments: {
        [file]: {
          content_type: 'application/octet-stream',
          data: tarball.toString('base64'),
          length: tarball.length,
        },
      },
    }),
  )
}

/** `integrity` (SRI of SHA-512) and `shasum` (SHA-1, hex) as clients and registries state them. */
export function distOf(tarball: Buffer): { integrity: string; shasum: string } {
  return {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
  }
}

/** An uncompressed ustar archive of plain files; paths below 100 bytes. */
export function tarOf(entries: readonly { path: string; bytes: Buffer }[]): Buffer {
  const blocks = entries.flatMap(({ path, bytes }) => [
    tarHeader(path, bytes.length),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function tarHeader(path: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  header.write(path, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(sizeBytes, 12), 124)
  header.write(octal(499_162_500, 12), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
