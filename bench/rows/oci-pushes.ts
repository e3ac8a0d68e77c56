import { type Contestant, names } from '../contestants/contestant.ts'
import { gibibyte, mebibyte, seedsOf } from '../oci/content.ts'
import { openImageField } from '../oci/field.ts'
import { watchLoop } from '../oci/loop.ts'
import type { PushOrder } from '../oci/push-client.ts'
import { pushBlobs } from '../oci/pushing.ts'
import { runCommand } from '../processes.ts'
import { atLeastTimes, type Line } from '../results.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import type { Row } from './row.ts'

interface BlobPush {
  readonly id: string
  readonly title: string
  readonly sizeBytes: number
  readonly count: number
  readonly clients: number
  readonly how: PushOrder['how']
}

const oneMiB = { sizeBytes: mebibyte, count: 100, how: 'whole' } as const
const pushes: readonly BlobPush[] = [
  { id: '1m', title: 'push of 100 blobs of 1 MiB, one after the other', ...oneMiB, clients: 1 },
  { id: '1m-at-once', title: 'push of 100 blobs of 1 MiB, 8 at once', ...oneMiB, clients: 8 },
  { id: '100m', title: 'push of 100 MiB', sizeBytes: 100 * mebibyte, count: 1, clients: 1, how: 'whole' },
  { id: '1g', title: 'push of 1 GiB, streamed', sizeBytes: gibibyte, count: 1, clients: 1, how: 'streamed' },
]

/** Every registry is sent the same bytes, in every round others, and has hashed and kept them when it answers. */
export const imagePushRows: readonly Row[] = pushes.map((of) => ({
  id: `oci-push-${of.id}`,
  title: of.title,
  run: (setting) => measurePush(setting, of),
}))

async function measurePush(setting: Setting, of: BlobPush): Promise<Line[]> {
  await using field = await openImageField(setting)
  const loop = watchLoop()
  const turns = field.registries.map((each) => loop.turn(each, (round) => pushSample(each, of, round)))
  const figures = await alternate(setting.rounds, turns)
  const aim = atLeastTimes(figures, names.stowage, names.distribution, 1)
  return [{ table: 'Pushes of blobs', title: of.title, unit: 'MB/s', figures, aim }, ...loop.line(of.title)]
}

async function pushSample(to: Contestant, of: BlobPush, round: number): Promise<Sample> {
  // What others left to be written must not be waited for here.
  await runCommand('sync', [], { cwd: '/' })
  const blobs = seedsOf(`${of.id}-${round}`, of.count, of.sizeBytes)
  const { how, clients } = of
  const { sentBytes, seconds, p99Ms, problem } = await pushBlobs(to, { image: 'app', blobs, clients, how })
  const beside = { 'took s': seconds, ...(of.count > 1 ? { 'p99 ms': p99Ms } : {}) }
  return { value: sentBytes / 1e6 / seconds, beside, ...(problem === undefined ? {} : { problem }) }
}
