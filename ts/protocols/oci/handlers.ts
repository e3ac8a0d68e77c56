import { RegistryError } from '../../errors.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { blobs } from './blobs.ts'
import { catalog } from './catalog.ts'
import { manifests } from './manifests.ts'
import type { OciContext } from './place.ts'
import { referrers } from './referrers.ts'
import { tags } from './tags.ts'
import { tokenHandlers } from './token.ts'
import { uploads } from './uploads.ts'
import { versionCheck } from './version-check.ts'

/** Every handler of the table in oci.ts. */
export function ociHandlers(deps: ProtocolDeps) {
  return {
    versionCheck,
    token: tokenHandlers(deps),
    catalog: catalog(deps),
    uploads: uploads(deps),
    blobs: blobs(deps),
    manifests: manifests(deps),
    tags: tags(deps),
    referrers: referrers(deps),
    unknownEndpoint(c: OciContext): never {
      throw new RegistryError('route_unknown', `There is nothing at ${c.req.path}.`)
    },
  }
}
