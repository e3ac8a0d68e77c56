import type { Contestant } from '../contestants/contestant.ts'
import { imageRepository } from '../contestants/stowage.ts'
import { drive } from '../load.ts'
import { blobOf } from '../oci/content.ts'
import { seededImage } from '../oci/field.ts'
import { manifestMediaType, paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { changeMany } from '../oci/pushing.ts'
import type { Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import type { Setting } from '../setting.ts'

const connections = 8
const images = 200

/** What is listed, and how many names come. */
interface List {
  readonly title: string
  readonly url: (of: Contestant) => string
  readonly count: number
}

/** Lists of an image that has so many tags, and of all images; more images are pushed for it. */
export async function listLines(
  setting: Setting,
  contestants: readonly Contestant[],
  image: string,
  tags: number,
): Promise<Line[]> {
  for (const each of contestants) await pushImages(each, image)
  const tagList =
    (query = '') =>
    (of: Contestant) =>
      of.registry + paths.tags(image, query)
  const catalog =
    (query = '') =>
    (of: Contestant) =>
      new URL(`/v2/_catalog${query}`, of.registry).href
  const lists: List[] = [
    { title: `list of ${tags} tags`, url: tagList(), count: tags },
    { title: `the first 100 of ${tags} tags`, url: tagList('?n=100'), count: 100 },
    { title: '100 tags in the middle', url: tagList(`?n=100&last=build-000500`), count: 100 },
    { title: `the first 100 images of the catalog`, url: catalog('?n=100'), count: 100 },
    { title: 'catalog, as much as comes unless told', url: catalog(), count: 100 },
  ]
  const lines: Line[] = []
  for (const list of lists) lines.push(...(await listLine(setting, contestants, list)))
  return lines
}

async function listLine(
  { rounds, seconds }: Setting,
  contestants: readonly Contestant[],
  { title, url, count }: List,
): Promise<Line[]> {
  const loop = watchLoop()
  const turns = contestants.map((each) =>
    loop.turn(each, async () => {
      const names = await countNames(each, url(each), count)
      const load = { url: url(each), headers: each.headers, connections, seconds }
      const { requestsPerSecond, p99Ms, problem } = await drive(load)
      const beside = { 'p99 ms': p99Ms, names }
      return { value: requestsPerSecond, beside, ...(problem === undefined ? {} : { problem }) }
    }),
  )
  const line = { table: 'Lists of images', title, unit: 'requests/s', figures: await alternate(rounds, turns) } as const
  return [line, ...loop.line(title)]
}

/** Images for the catalog, all like one that is there: its blobs are mounted. */
async function pushImages(to: Contestant, from: string): Promise<void> {
  const { blobs, manifest } = seededImage(from, 1)
  const names = Array.from({ length: images }, (_, i) => `listed-${i}`)
  const mounts = names.flatMap((name) =>
    blobs.map((blob) => paths.uploads(name, `?mount=${blobOf(blob).digest}&from=${imageRepository}/${from}`)),
  )
  const order = { headers: {}, status: 201, clients: 8, seconds: 60 }
  const mounted = await changeMany(to, { ...order, method: 'POST', paths: mounts })
  const pushed = await changeMany(to, {
    ...order,
    method: 'PUT',
    paths: names.map((name) => paths.manifest(name, 'v1')),
    headers: { 'content-type': manifestMediaType },
    body: manifest.bytes.toString(),
  })
  const problem = mounted.problem ?? pushed.problem
  if (problem !== undefined) throw new Error(`${to.name}: ${problem}`)
}

/** How many names are listed; throws unless there are enough. */
async function countNames({ name, headers }: Contestant, url: string, least: number): Promise<number> {
  const response = await fetch(url, { headers })
  const said = await response.text()
  const { tags, repositories }: { tags?: string[]; repositories?: string[] } = response.ok ? JSON.parse(said) : {}
  const count = (tags ?? repositories ?? []).length
  if (count >= least) return count
  throw new Error(`${name} listed ${count} of ${least} names: ${response.status} ${said.slice(0, 100)}`)
}
