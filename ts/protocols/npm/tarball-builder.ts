import { gzipSync } from 'node:zlib'
import { Header, Pax } from 'tar'

export interface TarEntry {
  path: string
  body?: string | Uint8Array
  type?: Header['type']
  linkpath?: string
  /** Written into a pax header before the entry, so that a path may hold anything. */
  paxPath?: string
}

/** For tests: an archive with exactly these entries, honest or not. */
export function tarOf(entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(1024)])
}

function entryBlocks({ path, body = '', type = 'File', linkpath, paxPath }: TarEntry): Buffer[] {
  const bytes = Buffer.from(body)
  const header = new Header({ path, mode: 0o644, size: bytes.length, type, mtime: new Date(0) })
  if (linkpath !== undefined) header.linkpath = linkpath
  header.encode()
  const pax = paxPath === undefined ? [] : [new Pax({ path: paxPath }).encode()]
  return [...pax, header.block ?? Buffer.alloc(0), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
}

/** For tests: a package's tarball as npm makes it, with `files` beside package.json. */
export function aTarball(packageJson: object, files: Record<string, string | Uint8Array> = {}): Buffer {
  const others = Object.entries(files).map(([path, body]) => ({ path: `package/${path}`, body }))
  return gzipSync(tarOf([{ path: 'package/package.json', body: JSON.stringify(packageJson) }, ...others]))
}
