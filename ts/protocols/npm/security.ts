import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import { digestOf } from '../../registry/blob-records.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { bulkAnswer, parseBulkRequest, quickReport } from './audit-report.ts'
import { parsePackageName } from './names.ts'
import { enterFor, type NpmContext, unknownPackage } from './place.ts'
import { attestationsAnswer } from './provenance.ts'
import { attestationFile } from './publishing.ts'
import { keysAnswer, type SigningKey } from './signatures.ts'
import { npmUnit } from './unit.ts'

const maxBundleBytes = 4 * 1024 * 1024

/** What `npm audit` and `npm audit signatures` ask. */
export function security(deps: ProtocolDeps, signingKey: () => Promise<SigningKey>) {
  const { registry, limits } = deps
  return {
    async bulkAdvisories(c: NpmContext) {
      parseBulkRequest(await readJson(c, limits))
      return c.json(bulkAnswer())
    },

    async quickAudit(c: NpmContext) {
      return c.json(quickReport(await readJson(c, limits)))
    },

    async keys(c: NpmContext) {
      return c.json(keysAnswer([(await signingKey()).publicKey]))
    },

    /** `@scope%2fname@1.0.0` or with a slash; the last `@` separates the version. */
    async attestations(c: NpmContext) {
      const spec = [c.req.param('scope'), c.req.param('spec')].filter((part) => part !== undefined).join('/')
      const at = spec.lastIndexOf('@')
      const name = parsePackageName(spec.slice(0, Math.max(at, 0)))
      const version = spec.slice(at + 1)
      if (!name) throw unknownPackage(spec.slice(0, 214))
      const { repository } = await enterFor(c, deps, 'read', name)
      const pkg = await registry.packages.find(repository.id, name.name)
      if (!pkg) throw unknownPackage(name.name)
      const file = await registry.packages.file(pkg, attestationFile(name, version))
      const predicateType = file && npmUnit(file.unit.value).dist.provenance
      if (!file || predicateType === undefined) {
        throw new RegistryError('file_unknown', `${name.name} ${version} has no attestations.`)
      }
      const bundle = JSON.parse(await textOf(registry.blobs.read(digestOf(file.digest))))
      return c.json(attestationsAnswer([{ predicateType, bundle }]))
    },

    /**
     * Trusted publishing: npm 11.5 and later ask in a CI before they publish, and go on with the token that they have.
     * Of the refusal they print the notice; its `message` with `--loglevel=verbose` alone.
     */
    exchangeToken(c: NpmContext) {
      const message = 'Trusted publishing (OIDC) is not supported by this registry yet; publish with a token.'
      c.header('npm-notice', message)
      throw new RegistryError('not_supported', message)
    },
  }
}

/** Throws `unavailable` when the bytes are missing: there is a record of them, so the store is at fault. */
async function textOf(reading: Promise<AsyncIterable<Uint8Array> | undefined>): Promise<string> {
  const bytes = await reading
  if (!bytes) {
    const message =
      'The attestation is missing in the store; the administrator of this server must restore it from a backup.'
    throw new RegistryError('unavailable', message)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > maxBundleBytes)
      throw new RegistryError('internal', 'A stored attestation is larger than any accepted one')
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks).toString()
}
