import { type Contestant, names } from '../contestants/contestant.ts'
import { blobOf, gibibyte, mebibyte, type SeededBlob } from '../oci/content.ts'
import { openImageField } from '../oci/field.ts'
import { paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { pull, readSample } from '../oci/reading.ts'
import { type Aim, atLeastTimes, type Figure, type Line } from '../results.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import type { Row } from './row.ts'

const image = 'app'
const table = 'Pulls of blobs'

interface BlobPull {
  readonly id: string
  readonly size: string
  readonly sizeBytes: number
  readonly connections: number
  /** Of one process, and of two. */
  readonly aims?: readonly [number, number?]
}

const pulls: readonly BlobPull[] = [
  { id: '1m', size: '1 MiB', sizeBytes: mebibyte, connections: 16, aims: [2.4] },
  { id: '100m', size: '100 MiB', sizeBytes: 100 * mebibyte, connections: 4, aims: [0.9, 1] },
  { id: '2g', size: '2 GiB', sizeBytes: 2 * gibibyte, connections: 2 },
]

/** Blobs of a public image, asked for without signing in. */
export const imageBlobRows: readonly Row[] = pulls.map((of) => {
  const title = `GET of a blob of ${of.size}, ${of.connections} clients`
  return { id: `oci-pull-${of.id}`, title, run: (setting) => measurePull(setting, of, title) }
})

async function measurePull(setting: Setting, of: BlobPull, title: string): Promise<Line[]> {
  await using field = await openImageField(setting)
  const blob = blobOf({ seed: `pull-${of.id}`, sizeBytes: of.sizeBytes })
  await field.store(image, blob)
  const loop = watchLoop()
  const sample = of.sizeBytes > gibibyte ? onceSample : ratedSample
  const turns = field.everybody.map((each) => loop.turn(each, () => sample(each, setting, blob, of.connections)))
  const figures = await alternate(setting.rounds, turns)
  const [one, two] = of.aims ?? []
  const own = figures.filter((figure) => two === undefined || figure.contestant !== names.twoWorkers)
  return [
    { table, title, unit: 'MB/s', figures: own, ...aimOf(own, names.stowage, one) },
    ...twoWorkersLine(figures, title, two),
    ...loop.line(title),
  ]
}

/** As two workers have an aim of their own, they have a line of their own. */
function twoWorkersLine(figures: readonly Figure[], title: string, least: number | undefined): Line[] {
  if (least === undefined) return []
  const compared = figures.filter(({ contestant }) => contestant !== names.stowage)
  const aim = aimOf(compared, names.twoWorkers, least)
  return [{ table, title: `${title}, two workers`, unit: 'MB/s', figures: compared, ...aim }]
}

function aimOf(figures: readonly Figure[], of: string, least: number | undefined): { aim?: Aim } {
  return least === undefined ? {} : { aim: atLeastTimes(figures, of, names.distribution, least) }
}

async function ratedSample(
  contestant: Contestant,
  { seconds }: Setting,
  blob: SeededBlob,
  connections: number,
): Promise<Sample> {
  const read = { path: paths.blob(image, blob), headers: {}, connections, seconds, expected: blob }
  const sample = await readSample(contestant, read)
  return { ...sample, value: (sample.value * blob.sizeBytes) / 1e6 }
}

/** Of so large a blob few would end in the time: every client pulls it once. */
async function onceSample(
  contestant: Contestant,
  _setting: Setting,
  blob: SeededBlob,
  connections: number,
): Promise<Sample> {
  const order = { method: 'GET', headers: {}, connections, requestsEach: 1, seconds: 600 } as const
  const report = await pull(contestant, { ...order, path: paths.blob(image, blob) })
  const { receivedBytes, seconds, problem } = report
  const value = receivedBytes / 1e6 / seconds
  return { value, beside: { 'took s': seconds }, ...(problem === undefined ? {} : { problem }) }
}
