import { createHash } from 'node:crypto'
import { aTarball } from './tarball-builder.ts'

interface PublishParts {
  readonly manifest: Record<string, unknown>
  readonly packageJson: Record<string, unknown>
  readonly files: Record<string, string | Uint8Array>
  readonly tags: Record<string, string>
  readonly document: Record<string, unknown>
  readonly attachments: Record<string, { data: string; content_type?: string; length?: number }>
}

/** For tests: the body of a publish as npm sends it; each `with…` gives a changed copy. */
export function aPublishBody(name: string, version: string, parts: Partial<PublishParts> = {}) {
  const { packageJson = { name, version }, files = {}, manifest = {}, tags = { latest: version } } = parts
  const tarball = aTarball(packageJson, files)
  const key = `${name}-${version}.tgz`
  const body = {
    _id: name,
    name,
    'dist-tags': tags,
    versions: {
      [version]: {
        ...packageJson,
        name,
        version,
        _id: `${name}@${version}`,
        dist: {
          integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
          shasum: createHash('sha1').update(tarball).digest('hex'),
          tarball: `http://elsewhere.example.com/${key}`,
        },
        ...manifest,
      },
    },
    access: null,
    _attachments: {
      [key]: {
        content_type: 'application/octet-stream',
        data: tarball.toString('base64'),
        length: tarball.length,
      },
      ...parts.attachments,
    },
    ...parts.document,
  }
  return {
    /** The name in the URL. */
    name,
    body,
    tarball,
    withManifest: (more: Record<string, unknown>) => aPublishBody(name, version, { ...parts, manifest: more }),
    withPackageJson: (more: Record<string, unknown>) =>
      aPublishBody(name, version, { ...parts, packageJson: { name, version, ...more } }),
    withFiles: (more: Record<string, string | Uint8Array>) => aPublishBody(name, version, { ...parts, files: more }),
    withTags: (...more: string[]) =>
      aPublishBody(name, version, { ...parts, tags: Object.fromEntries(more.map((tag) => [tag, version])) }),
    withDocument: (more: Record<string, unknown>) => aPublishBody(name, version, { ...parts, document: more }),
  }
}
