import { bearerHeaders } from '../oci/bearer.ts'
import { blobOf, mebibyte } from '../oci/content.ts'
import { openImageField } from '../oci/field.ts'
import { manifestMediaType, paths } from '../oci/image.ts'
import { type ImageRead, readSample } from '../oci/reading.ts'
import type { Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import type { Row } from './row.ts'

const image = 'app'

/** What it costs to know who asks: anonymous, and with a signed token as clients get it. */
export const imageTokenRow: Row = {
  id: 'oci-token',
  title: 'manifest and blob of 1 MiB with a signed token against anonymous',
  async run(setting) {
    await using field = await openImageField(setting)
    const { digest, bytes } = await field.image(image, 'v1', 5)
    const blob = blobOf({ seed: 'with-token', sizeBytes: mebibyte })
    await field.store(image, blob)
    const { stowage } = field
    const callers = [
      { name: 'anonymous', headersNow: async () => ({}) },
      // A new one in every turn: it ends after minutes.
      { name: 'with a signed token', headersNow: () => bearerHeaders(stowage, image) },
    ]
    const compare = async (title: string, read: Omit<ImageRead, 'headers' | 'seconds'>): Promise<Line[]> => {
      const accept = { accept: manifestMediaType }
      const turns = callers.map(({ name, headersNow }) => ({
        contestant: name,
        measure: async () =>
          readSample(stowage, { ...read, headers: { ...accept, ...(await headersNow()) }, seconds: setting.seconds }),
      }))
      const figures = await alternate(setting.rounds, turns)
      return [{ table: 'Images with a token against anonymous', title, unit: 'requests/s', figures }]
    }
    const manifest = {
      path: paths.manifest(image, 'v1'),
      connections: 32,
      expected: { digest, sizeBytes: bytes.length },
    }
    return [
      ...(await compare('GET of a manifest by tag', manifest)),
      ...(await compare('GET of a blob of 1 MiB', { path: paths.blob(image, blob), connections: 16, expected: blob })),
    ]
  },
}
