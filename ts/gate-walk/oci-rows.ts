import type { Action } from '../metadata/access-schema.ts'
import { layerDigest, manifestDigest, subjectDigest } from './images.ts'
import { expected, isInvalid, type Kind, type Need, type Outcome, type Shown } from './model.ts'
import { anybody, aPackage, type Row, type Sent, thePackage } from './row.ts'
import { type NameKey, type Names, version } from './world.ts'

/** A token of the token service that does not reach is told to get another; credentials that are none are a 401 as well. */
function told(needs: readonly Need[]): (kind: Kind, shown: Shown) => Outcome {
  return (kind, shown) => {
    const outcome = expected(needs, kind, shown)
    if (outcome === 'credentials invalid') return 'sign in first'
    return outcome === 'allowed' || kind.by !== 'registry token' ? outcome : 'sign in first'
  }
}

/** Who comes with nothing is sent to the token service, which gives nobody a token as well. */
function withCredentials(kind: Kind): Outcome {
  return isInvalid(kind) || kind.by === 'nothing' || kind.by === 'cookie' ? 'sign in first' : 'allowed'
}

/** A token gets no other token. */
function notByRegistryToken(kind: Kind): Outcome {
  return isInvalid(kind) || kind.by === 'registry token' ? 'sign in first' : 'allowed'
}

/** How an image is named in a path, and what of that may be hidden. */
interface Spelling {
  readonly hides: readonly NameKey[]
  readonly isOther?: boolean
  name(names: Names): string
}

const spellings: readonly Spelling[] = [
  {
    hides: ['organization', 'repository', 'package'],
    name: ({ organization, repository, package: image }) => `${organization}/${repository}/${image}`,
  },
  {
    hides: ['organization', 'package'],
    name: ({ organization, package: image }) => `${organization}/${image}`,
  },
  { hides: ['package'], isOther: true, name: ({ package: image }) => image },
]

interface ImageLine {
  /** The method, and the pattern below `/v2/:name{.+}/`. */
  readonly line: string
  readonly action: Action
  readonly done: string
  /** In place of the parameter, and what comes after it. */
  readonly rest: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const never = `sha256:${'0'.repeat(64)}`
const upload = 'blobs/uploads/:upload'
const manifest = 'manifests/:reference'

/** What would change something names what is not there. */
const imageLines: readonly ImageLine[] = [
  { line: 'POST blobs/uploads', action: 'write', done: '400 DIGEST_INVALID', rest: 'blobs/uploads?digest=none' },
  { line: 'POST blobs/uploads/', action: 'write', done: '400 DIGEST_INVALID', rest: 'blobs/uploads/?mount=none' },
  { line: `GET ${upload}`, action: 'write', done: '404 BLOB_UPLOAD_UNKNOWN', rest: 'blobs/uploads/none' },
  { line: `PATCH ${upload}`, action: 'write', done: '404 BLOB_UPLOAD_UNKNOWN', rest: 'blobs/uploads/none', body: {} },
  {
    line: `PUT ${upload}`,
    action: 'write',
    done: '404 BLOB_UPLOAD_UNKNOWN',
    rest: `blobs/uploads/none?digest=${never}`,
  },
  { line: `DELETE ${upload}`, action: 'write', done: '404 BLOB_UPLOAD_UNKNOWN', rest: 'blobs/uploads/none' },

  { line: 'GET blobs/:digest', action: 'read', done: '200', rest: `blobs/${layerDigest}` },
  {
    line: 'GET blobs/:digest',
    action: 'read',
    done: '206',
    rest: `blobs/${layerDigest}`,
    headers: { range: 'bytes=0-3' },
  },
  {
    line: 'GET blobs/:digest',
    action: 'read',
    done: '416 SIZE_INVALID',
    rest: `blobs/${layerDigest}`,
    headers: { range: 'bytes=999999-' },
  },
  { line: 'GET blobs/:digest', action: 'read', done: '404 BLOB_UNKNOWN', rest: `blobs/${never}` },
  { line: 'DELETE blobs/:digest', action: 'delete', done: '404 BLOB_UNKNOWN', rest: `blobs/${never}` },
  { line: 'DELETE blobs/:digest', action: 'delete', done: '409 DENIED', rest: `blobs/${layerDigest}` },

  { line: `GET ${manifest}`, action: 'read', done: '200', rest: `manifests/${version}` },
  { line: `GET ${manifest}`, action: 'read', done: '200', rest: `manifests/${manifestDigest}` },
  { line: `GET ${manifest}`, action: 'read', done: '404 MANIFEST_UNKNOWN', rest: `manifests/${never}` },
  { line: `PUT ${manifest}`, action: 'write', done: '400 MANIFEST_INVALID', rest: 'manifests/none', body: {} },
  { line: `DELETE ${manifest}`, action: 'delete', done: '404 MANIFEST_UNKNOWN', rest: 'manifests/none' },
  { line: `DELETE ${manifest}`, action: 'delete', done: '404 MANIFEST_UNKNOWN', rest: `manifests/${never}` },
  { line: 'GET tags/list', action: 'read', done: '200', rest: 'tags/list' },
  { line: 'GET tags/list', action: 'read', done: '200', rest: 'tags/list?n=1&last=0' },
  { line: 'GET referrers/:digest', action: 'read', done: '200', rest: `referrers/${subjectDigest}` },
  { line: 'GET referrers/:digest', action: 'read', done: '200', rest: `referrers/${never}?artifactType=none` },
]

type OtherLine = Pick<Row, 'needs' | 'done' | 'lists'> & { readonly line: string } & Partial<Sent>

const otherLines: readonly OtherLine[] = [
  { line: 'GET /v2', needs: withCredentials, done: '200' },
  { line: 'GET /v2/', needs: withCredentials, done: '200' },
  { line: 'GET /v2/token', needs: notByRegistryToken, done: '200' },
  // Whose credentials the form has none of.
  { line: 'POST /v2/token', needs: told(anybody), done: '400 UNSUPPORTED', form: {} },
  { line: 'GET /v2/_catalog', needs: withCredentials, done: '200', lists: thePackage },
  { line: 'ALL /v2/*', needs: told(anybody), done: '404 UNSUPPORTED', method: 'GET', path: '/v2/_oci/ext/discover' },
  { line: 'ALL /v1/*', needs: told(anybody), done: '404 UNSUPPORTED', method: 'GET', path: '/v1/_ping' },
]

/** The lines of images in every spelling of a name, and the others. */
export function ociRows(): Row[] {
  return [
    ...spellings.flatMap((spelling) => imageLines.map((line) => imageRow(spelling, line))),
    ...otherLines.map(otherRow),
  ]
}

function imageRow({ hides, isOther, name }: Spelling, { line, action, done, rest, headers, body }: ImageLine): Row {
  const [method = '', pattern = ''] = line.split(' ')
  return {
    route: `${method} /v2/:name{.+}/${pattern}`,
    surface: 'images',
    needs: told([aPackage(action)]),
    done,
    unknown: 'NAME_UNKNOWN',
    hides,
    ...(isOther && { isSpelling: true }),
    request: (names) => ({
      method,
      path: `/v2/${name(names)}/${rest}`,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    }),
  }
}

function otherRow({ line, needs, done, lists, method, path, form }: OtherLine): Row {
  const [registered = '', pattern = ''] = line.split(' ')
  return {
    route: line,
    surface: 'images',
    needs,
    done,
    ...(lists && { lists }),
    request: () => ({ method: method ?? registered, path: path ?? pattern, ...(form && { form }) }),
  }
}
