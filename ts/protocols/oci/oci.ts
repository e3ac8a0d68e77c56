import type { Hono } from 'hono'
import type { Env, Protocol, ProtocolDeps } from '../protocol.ts'
import { readCredentials } from './credentials.ts'
import { ociHandlers } from './handlers.ts'
import { renderError } from './render-error.ts'
import { rules } from './rules.ts'
import { describeUnit, setupOf, usageOf } from './unit.ts'

/** OCI distribution 1.1 and Docker's registry API v2: images, charts and other artifacts, for all their clients. */
export const oci: Protocol = {
  id: 'oci',
  label: 'OCI',
  unit: 'manifest',
  keepsTombstones: false,
  sharesNames: true,
  takesApprovals: false,
  readCredentials,
  // Clients know no address but `/v2/`.
  routes: () => {},
  rootPrefixes: ['/v2', '/v1'],
  rootRoutes,
  renderError,
  describe: describeUnit,
  rules,
  // By digest, in an image: no client fetches a file by an address that it was told.
  download: () => ({ digests: {} }),
  usage: usageOf,
  setup: setupOf,
}

/** Names have slashes in them, so they are read from the right: any component may be called `blobs`. */
const blobs = '/:name{.+}/blobs'
const manifest = '/:name{.+}/manifests/:reference'

function rootRoutes(r: Hono<Env>, deps: ProtocolDeps, prefix: string) {
  const h = ociHandlers(deps)
  // Registries before 2015: some clients ask for them to tell what they have before them.
  if (prefix === '/v1') return r.all('/*', h.unknownEndpoint)

  r.get('/', h.versionCheck) //                                                                       not anonymous
  r.get('/token', h.token.get) //                                                                     anybody
  r.post('/token', h.token.post) //                                                                   anybody
  r.get('/_catalog', h.catalog) //                                                                    read, each image

  r.post(`${blobs}/uploads`, h.uploads.start) //                                                      push
  r.post(`${blobs}/uploads/`, h.uploads.start) //                                                     push
  r.get(`${blobs}/uploads/:upload`, h.uploads.status) //                                              push, its owner
  r.patch(`${blobs}/uploads/:upload`, h.uploads.append) //                                            push, its owner
  r.put(`${blobs}/uploads/:upload`, h.uploads.finish) //                                              push, its owner
  r.delete(`${blobs}/uploads/:upload`, h.uploads.cancel) //                                           push, its owner
  r.get(`${blobs}/:digest`, h.blobs.get) //                                                           pull
  r.delete(`${blobs}/:digest`, h.blobs.remove) //                                                     delete

  r.get(manifest, h.manifests.get) //                                                                 pull
  r.put(manifest, h.manifests.put) //                                                                 push
  r.delete(manifest, h.manifests.remove) //                                                           delete
  r.get('/:name{.+}/tags/list', h.tags.list) //                                                       pull
  r.get('/:name{.+}/referrers/:digest', h.referrers.list) //                                          pull

  return r.all('/*', h.unknownEndpoint)
}
