import { rememberedFor } from '../../access/remembering.ts'
import { RegistryError } from '../../errors.ts'
import { preferredEncoding } from '../../http/accept-encoding.ts'
import { sendBlob } from '../../http/send-blob.ts'
import { sendDocument } from '../../http/send-document.ts'
import { digestOf } from '../../registry/blob-records.ts'
import type { ProtocolDeps } from '../protocol.ts'
import type { PackageName } from './names.ts'
import { abbreviatedPackument, fullPackument, type PackumentInput, type Person, versionManifest } from './packument.ts'
import { type Found, findPackage, type NpmContext } from './place.ts'
import { preparedPackages, readmeOf } from './prepared-packages.ts'

const abbreviatedType = 'application/vnd.npm.install-v1+json'
const printedBytes = 24 * 1024 * 1024

/** Packuments, single manifests and tarballs. */
export function reading(deps: ProtocolDeps) {
  const { registry, access } = deps
  const prepared = preparedPackages(registry, printedBytes)

  async function maintainersOf(found: Found): Promise<Person[]> {
    const users = await Promise.all(found.package.value.owners.map((id) => access.users.get(id)))
    return users.flatMap((user) => (user ? [{ name: user.value.username, email: user.value.email }] : []))
  }

  /** All that a packument is printed from, at the address that this client used. */
  async function packumentInput(c: NpmContext, found: Found): Promise<PackumentInput> {
    const { value, revision, id } = found.package
    const [{ versions }, maintainers, readme] = await Promise.all([
      prepared(found.package),
      maintainersOf(found),
      readmeOf(registry, found.package),
    ])
    return {
      name: value.name,
      tags: value.tags,
      versions,
      maintainers,
      createdAt: new Date(value.createdAt).toISOString(),
      modifiedAt: new Date(value.updatedAt).toISOString(),
      revision: `${revision}-${id}`,
      registryUrl: `${c.var.address.base}/`,
      ...readme,
    }
  }

  /** A document of a package, computed once per revision, form, address and encoding. */
  async function send(
    c: NpmContext,
    found: Found,
    form: string,
    type: string,
    print: (input: PackumentInput) => Buffer,
  ) {
    const { id, revision, value } = found.package
    const key = `npm\0${id}\0${revision}\0${form}\0${c.var.address.base}`
    const encoding = preferredEncoding(c.req.header('accept-encoding'))
    const document = await registry.documents.get(key, encoding, async () => print(await packumentInput(c, found)))
    return sendDocument(c, {
      ...document,
      contentType: type,
      lastModified: new Date(value.updatedAt),
      vary: 'accept',
      ...rememberedFor(c.var.principal),
    })
  }

  return {
    /** `?write=true` (before an edit, npm 11 asks it with the abbreviated Accept) is always the full form. */
    async packument(c: NpmContext) {
      const found = await findPackage(c, deps, 'read')
      const wantsFull = c.req.query('write') === 'true' || !(c.req.header('accept') ?? '').includes(abbreviatedType)
      return wantsFull
        ? send(c, found, 'full', 'application/json', fullPackument)
        : send(c, found, 'abbreviated', abbreviatedType, abbreviatedPackument)
    },

    async manifest(c: NpmContext) {
      const found = await findPackage(c, deps, 'read')
      const wanted = c.req.param('version') ?? ''
      return send(c, found, `version\0${wanted}`, 'application/json', (input) => {
        const manifest = versionManifest(input, wanted)
        if (manifest) return manifest
        throw new RegistryError('version_unknown', `There is no version or tag "${wanted}" of ${input.name}.`)
      })
    },

    /** The path may hold a scope or a version before the file, as some lockfiles have it; the file decides. */
    async tarball(c: NpmContext) {
      const found = await findPackage(c, deps, 'read')
      const name = withoutScope(c.req.param('file') ?? '', found.name)
      const file = name.endsWith('.tgz') ? await registry.packages.file(found.package, name) : undefined
      if (!file) throw new RegistryError('file_unknown', `There is no file "${name}" of ${found.name.name}.`)
      const { version } = file.unit.value
      const counts = () => registry.downloads.count(found.package.id, version)
      if (deps.recordDownload && c.req.method === 'GET') await deps.recordDownload({ package: found.package, version })
      const remembered = deps.recordDownload ? undefined : rememberedFor(c.var.principal).remember
      const answer = await sendBlob(c, {
        blobs: registry.blobs,
        digest: digestOf(file.digest),
        sizeBytes: file.sizeBytes,
        contentType: 'application/octet-stream',
        etag: `"${file.digest}"`,
        lastModified: new Date(file.unit.value.createdAt),
        cacheControl: 'private, max-age=31536000, immutable',
        ...(remembered && { remember: { ...remembered, onServed: (bytesSent) => bytesSent && counts() } }),
      })
      if (isDownload(c)) counts()
      return answer
    },
  }
}

/** The scope may stand before the file in one segment, its slash encoded. */
function withoutScope(file: string, { scope }: PackageName): string {
  const before = `@${scope}/`
  return scope !== undefined && file.startsWith(before) ? file.slice(before.length) : file
}

/** A GET from the beginning without conditions; what a resumed download asks for later was counted before. */
function isDownload(c: NpmContext): boolean {
  return c.req.method === 'GET' && !c.req.header('if-none-match') && !/^bytes=(?!0-)/.test(c.req.header('range') ?? '')
}
