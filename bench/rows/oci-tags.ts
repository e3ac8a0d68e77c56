import type { Contestant } from '../contestants/contestant.ts'
import { names } from '../contestants/contestant.ts'
import { openImageField, seededImage } from '../oci/field.ts'
import { paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { changeMany, pushTags, storeBlobs } from '../oci/pushing.ts'
import type { RequestReport } from '../oci/request-client.ts'
import { below, type Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import { listLines } from './oci-lists.ts'
import type { Row } from './row.ts'

const table = 'Very many tags'
const clients = 16
/** For ten thousand. */
const aimSeconds = 10

/** Tags set and deleted again, one request each, and read as lists between: an image of its own in every round. */
export const imageTagsRow: Row = {
  id: 'oci-tags',
  title: '10,000 tags: setting them, listing them, deleting them; and the catalog',
  async run(setting) {
    await using field = await openImageField(setting)
    const count = setting.quick ? 1_000 : 10_000
    const tags = Array.from({ length: count }, (_, i) => `build-${String(i).padStart(6, '0')}`)
    const compared = [field.stowage, field.distribution]
    const timed = async (title: string, change: (to: Contestant, image: string) => Promise<RequestReport>) => {
      const loop = watchLoop()
      const turns = compared.map((each) =>
        loop.turn(each, async (round) => {
          const { seconds, p99Ms, problem } = await change(each, `tagged-${round}`)
          return { value: seconds, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
        }),
      )
      const line = { table, title, unit: 's', figures: await alternate(setting.rounds, turns) } as const
      return { line, loop: loop.line(title) }
    }
    const kept = await timed(`setting ${count} tags, ${clients} clients`, (to, image) => setTags(to, image, tags))
    const listed = await listLines(setting, compared, 'tagged-0', count)
    const gone = await timed(`deleting ${count} tags, ${clients} clients`, (to, image) => deleteTags(to, image, tags))
    const aim = below(gone.line.figures, names.stowage, (aimSeconds * count) / 10_000, 's')
    const lines: Line[] = [kept.line, { ...gone.line, aim }, ...listed, ...kept.loop, ...gone.loop]
    return lines
  },
}

async function setTags(to: Contestant, image: string, tags: readonly string[]): Promise<RequestReport> {
  const { blobs, manifest } = seededImage(image, 1)
  await storeBlobs(to, image, blobs)
  return pushTags(to, image, manifest, tags)
}

function deleteTags(from: Contestant, image: string, tags: readonly string[]): Promise<RequestReport> {
  const tagPaths = tags.map((tag) => paths.manifest(image, tag))
  return changeMany(from, { method: 'DELETE', paths: tagPaths, headers: {}, status: 202, clients, seconds: 600 })
}
