import type { Entered } from '../../access/access.ts'
import { actorOf } from '../../access/principal.ts'
import { effectiveVisibility } from '../../access/visibility.ts'
import { RegistryError } from '../../errors.ts'
import type { PublishFile, PublishRequest } from '../../registry/publish-request.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { reservedNames } from '../root-paths.ts'
import { requireAgreement } from './manifest.ts'
import { type PackageName, requireNewName, tarballFile } from './names.ts'
import { type NpmContext, requireSignedIn } from './place.ts'
import { parseProvenance } from './provenance.ts'
import { integrityOf, type PublishDocument, parsePublishDocument, requireHashes } from './publish-document.ts'
import type { ReceivedBody, ReceivedTarball } from './receive.ts'
import type { SigningKey } from './signatures.ts'
import { unitMetadata } from './unit.ts'

const bundleType = 'application/vnd.dev.sigstore.bundle+json'

/**
 * Reads a received publish into the registry's words: checks that the parts agree with each other and with the
 * tarball, and signs the version. The files of the request are staged; nothing is kept yet.
 */
export async function readPublish(
  c: NpmContext,
  { registry }: ProtocolDeps,
  key: SigningKey,
  entered: Entered,
  name: PackageName,
  body: ReceivedBody,
): Promise<PublishRequest> {
  requireNewName(name.name)
  refuseReserved(c, entered, name)
  const document = parsePublishDocument(body, name)
  refuseOpenerThanAsked(document.access, entered)
  const { staged, facts } = document.tarball.result
  requireHashes(document, hashesOf(document.tarball.result))
  requireAgreement(document.manifest, facts, document.manifestField)
  const signedIn = requireSignedIn(c)
  const { id: publisherId, name: publisherName } = actorOf(signedIn)
  // A robot has no address.
  const publisher = { name: publisherName, email: signedIn.kind === 'user' ? signedIn.user.value.email : '' }
  const { version } = document
  const { sha1, sha512 } = hashesOf(document.tarball.result)
  const integrity = integrityOf(sha512)
  const provenance = readProvenance(document, name, sha512)
  const files: PublishFile[] = [
    { ...stagedFile(tarballFile(name, version), staged), mediaType: 'application/octet-stream' },
  ]
  if (document.provenance !== undefined) {
    const bundle = await registry.blobs.stage(textBytes(document.provenance))
    files.push({ ...stagedFile(attestationFile(name, version), bundle), mediaType: bundleType })
  }
  return {
    repository: entered.repository,
    packageName: name.name,
    nameKey: name.name.toLowerCase().replace(/[-_.]/g, ''),
    unitKey: version,
    version,
    metadata: unitMetadata({
      manifest: document.manifest,
      dist: {
        integrity,
        shasum: sha1,
        fileCount: facts.fileCount,
        unpackedSize: facts.unpackedSizeBytes,
        signatures: [key.sign(name.name, version, integrity)],
        ...(provenance && { provenance: provenance.predicateType }),
      },
      hasInstallScript: facts.hasInstallScript,
      hasShrinkwrap: facts.hasShrinkwrap,
      publisher,
      ...(facts.readme !== undefined && { readme: facts.readme }),
      ...(facts.readmeFilename !== undefined && { readmeFilename: facts.readmeFilename }),
      ...(document.deprecated !== undefined && { deprecated: document.deprecated }),
    }),
    files,
    tags: document.tags.length > 0 ? document.tags : ['latest'],
    tagsIfAbsent: ['latest'],
    publisherId,
    publisherName,
    requestId: c.var.requestId,
  }
}

/** The name of the file that holds a version's sigstore bundle. */
export function attestationFile(name: PackageName, version: string): string {
  return `${name.base}-${version}.sigstore`
}

function hashesOf({ staged }: ReceivedTarball) {
  const { sha1, sha512 } = staged.hashes
  if (sha1 === undefined || sha512 === undefined) throw new Error('a tarball was staged without its hashes')
  return { sha1, sha512 }
}

function stagedFile(name: string, staged: ReceivedTarball['staged']) {
  return { name, digest: staged.digest, sizeBytes: staged.sizeBytes, staged }
}

function readProvenance(document: PublishDocument<unknown>, name: PackageName, sha512: string) {
  if (document.provenance === undefined) return undefined
  return parseProvenance(document.provenance, name.name, document.version, sha512)
}

async function* textBytes(text: string) {
  yield Buffer.from(text)
}

/** A package of this name could not be read at the root, where the path means something else. */
function refuseReserved(c: NpmContext, { organization, repository }: Entered, name: PackageName) {
  const { origin, repository: inAddress } = c.var.address
  if (inAddress !== undefined || name.scope !== undefined || !reservedNames.has(name.name)) return
  const instead = `${origin}/npm/${organization.value.name}/${repository.value.name}/`
  throw new RegistryError(
    'payload_invalid',
    `"${name.name}" is a path of this server, so it cannot be published at the root: use the registry ${instead} for it.`,
    { field: 'name' },
  )
}

/**
 * A publisher who asks for a restricted package must not find it public. Asking for `public` in a repository that is
 * not is no such surprise, and Yarn 4 does it for every unscoped package.
 */
function refuseOpenerThanAsked(access: string | undefined, { organization, repository }: Entered) {
  if (access !== 'restricted' && access !== 'private') return
  if (effectiveVisibility(organization.value, repository.value) !== 'public') return
  throw new RegistryError(
    'access_denied',
    `The publish asks for access "${access}", but repository "${repository.value.name}" is public: publish to another repository, or with access "public".`,
    { field: 'access' },
  )
}
