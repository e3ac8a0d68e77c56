import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'

export interface Packument {
  readonly 'dist-tags': Readonly<Record<string, string>>
  readonly versions: Readonly<
    Record<string, { readonly dist: { readonly tarball: string; readonly integrity: string } }>
  >
}

/** What an npm client asks of a server, without the client. */
export interface NpmRequests {
  /** With the token; the path starts with a slash. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Publishes a version whose tarball holds this file; resolves to the status. */
  publish(name: string, version: string, content?: string | Uint8Array): Promise<number>
  /** `undefined` when there is no such package. */
  packument(name: string): Promise<Packument | undefined>
  /** Fails unless the version is listed, and its tarball is the one that the packument promises. */
  assertInstallable(name: string, version: string): Promise<void>
}

/** Speaks to the server at this address with this token. */
export function npmRequests(url: string, token: string): NpmRequests {
  const request: NpmRequests['request'] = (path, init = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })

  async function packument(name: string): Promise<Packument | undefined> {
    const answer = await request(`/${name}`)
    if (answer.status === 404) return void (await answer.arrayBuffer())
    assert.equal(answer.status, 200, `the packument of ${name}`)
    return (await answer.json()) as Packument
  }

  return {
    request,
    packument,
    async publish(name, version, content = `${name} ${version}`) {
      const answer = await request(`/${name}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: publishBody(name, version, content),
      })
      await answer.arrayBuffer()
      return answer.status
    },
    async assertInstallable(name, version) {
      const found = (await packument(name))?.versions[version]
      assert.ok(found, `${name}@${version} is not listed`)
      const answer = await request(new URL(found.dist.tarball).pathname)
      assert.equal(answer.status, 200, `the tarball of ${name}@${version}`)
      const sha512 = createHash('sha512').update(Buffer.from(await answer.arrayBuffer()))
      assert.equal(`sha512-${sha512.digest('base64')}`, found.dist.integrity)
    },
  }
}

/** The body of such a publish, as JSON. */
export function publishBody(name: string, version: string, content: string | Uint8Array): string {
  return JSON.stringify(aPublishBody(name, version, { files: { 'index.js': content } }).body)
}
