import { RegistryError } from '../../errors.ts'
import { isObject } from './json-values.ts'

export interface Provenance {
  /** The in-toto predicate, such as `https://slsa.dev/provenance/v1`. */
  predicateType: string
  /** The sigstore bundle as the client sent it. */
  bundle: Record<string, unknown>
}

const field = '_attachments[sigstore].data'
const maxSubjects = 1

/**
 * Checks a `*.sigstore` attachment against what is being published: a sigstore bundle with an in-toto statement about
 * exactly this name, version and tarball. `sha512` is the tarball's, in hex. Else `payload_invalid`. Who signed it is not
 * checked here: clients do that against the sigstore root of trust when they verify attestations.
 */
export function parseProvenance(text: string, name: string, version: string, sha512: string): Provenance {
  const bundle = parseObject(text, 'the bundle')
  if (
    typeof bundle['mediaType'] !== 'string' ||
    !bundle['mediaType'].startsWith('application/vnd.dev.sigstore.bundle')
  ) {
    refuse('its mediaType is not that of a sigstore bundle')
  }
  const statement = parseStatement(bundle['dsseEnvelope'])
  const predicateType = statement['predicateType']
  if (typeof predicateType !== 'string' || predicateType === '') refuse('its statement has no predicateType')
  requireSubject(statement['subject'], name, version, sha512)
  return { predicateType, bundle }
}

/** The package URL of a version: the scope's `@` is encoded, its slash is not. */
export function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`
}

/** The body of `/-/npm/v1/attestations/<name>@<version>`. */
export function attestationsAnswer(attestations: Provenance[]): { attestations: Provenance[] } {
  return { attestations: attestations.map(({ predicateType, bundle }) => ({ predicateType, bundle })) }
}

function parseStatement(envelope: unknown): Record<string, unknown> {
  if (!isObject(envelope)) refuse('it has no dsseEnvelope')
  if (envelope['payloadType'] !== 'application/vnd.in-toto+json') {
    refuse('the payloadType of its dsseEnvelope is not "application/vnd.in-toto+json"')
  }
  const { payload, signatures } = envelope
  if (typeof payload !== 'string') refuse('its dsseEnvelope has no payload')
  if (!Array.isArray(signatures) || signatures.length === 0) refuse('its dsseEnvelope has no signature')
  const statement = parseObject(Buffer.from(payload, 'base64').toString(), 'the payload of its dsseEnvelope')
  if (typeof statement['_type'] !== 'string' || !statement['_type'].startsWith('https://in-toto.io/Statement/')) {
    refuse('its payload is no in-toto statement')
  }
  return statement
}

function requireSubject(subjects: unknown, name: string, version: string, sha512: string): void {
  if (!Array.isArray(subjects) || subjects.length !== maxSubjects) refuse('its statement must have exactly one subject')
  const subject: unknown = subjects[0]
  const purl = packageUrl(name, version)
  if (!isObject(subject) || subject['name'] !== purl) {
    const stated = isObject(subject) ? JSON.stringify(subject['name']) : 'nothing'
    refuse(`it is about ${stated}, but ${JSON.stringify(purl)} is being published`)
  }
  const digest = subject['digest']
  if (!isObject(digest) || digest['sha512'] !== sha512) refuse("its sha512 is not that of the tarball's bytes")
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    refuse(`${what} is not JSON`)
  }
  if (!isObject(parsed)) refuse(`${what} is no JSON object`)
  return parsed
}

function refuse(why: string): never {
  throw new RegistryError('payload_invalid', `The provenance is refused: ${why}.`, { field })
}
