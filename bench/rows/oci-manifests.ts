import { type Contestant, names } from '../contestants/contestant.ts'
import { openImageField } from '../oci/field.ts'
import { manifestMediaType, paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { headSample, type ImageRead, readSample } from '../oci/reading.ts'
import { atLeastTimes, type Line } from '../results.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Row } from './row.ts'

const image = 'app'
const tag = 'v1'
const connections = 32
const layers = 5
const headers = { accept: `${manifestMediaType}, application/vnd.oci.image.index.v1+json` }
/** An answer to a request with a date as its condition is never remembered: what a server does that is written to all the time. */
const pastMemory = { 'if-modified-since': new Date(0).toUTCString() }

/** What every client asks for first: a public image's manifest, asked for without signing in. */
export const imageManifestsRow: Row = {
  id: 'oci-manifests',
  title: 'manifest of an image by tag and by digest, GET and HEAD, 32 clients',
  async run(setting) {
    await using field = await openImageField(setting)
    const { digest, bytes } = await field.image(image, tag, layers)
    const expected = { sizeBytes: bytes.length, digest }
    const lines: Line[] = []
    const compare = async (
      title: string,
      sample: (of: Contestant, read: ImageRead) => Promise<Sample>,
      path: string,
      condition: Readonly<Record<string, string>> = {},
    ) => {
      const loop = watchLoop()
      const read = { path, headers: { ...headers, ...condition }, connections, seconds: setting.seconds, expected }
      const turns = field.everybody.map((each) => loop.turn(each, () => sample(each, read)))
      const figures = await alternate(setting.rounds, turns)
      const aim = atLeastTimes(figures, names.stowage, names.distribution, 2.5)
      lines.push({ table: 'Manifests of images', title, unit: 'requests/s', figures, aim }, ...loop.line(title))
    }
    for (const by of ['tag', 'digest'] as const) {
      const path = paths.manifest(image, by === 'tag' ? tag : digest)
      await compare(`GET of a manifest by ${by}`, readSample, path)
      await compare(`HEAD of a manifest by ${by}`, headSample, path)
    }
    await compare('GET of a manifest by tag, never from memory', readSample, paths.manifest(image, tag), pastMemory)
    return lines
  },
}
