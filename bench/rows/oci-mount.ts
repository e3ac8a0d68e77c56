import type { Contestant } from '../contestants/contestant.ts'
import { imageRepository } from '../contestants/stowage.ts'
import { blobOf, seedsOf } from '../oci/content.ts'
import { openImageField } from '../oci/field.ts'
import { paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { changeMany, storeBlobs } from '../oci/pushing.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Row } from './row.ts'

const source = 'app'
const clients = 8
const title = `mount of a blob of another image, ${clients} clients`
const seeds = seedsOf('mounted', 64, 2_000)
/** More than any of them does. */
const perSecond = 5_000

/** What a push takes whose layers are there already, as those of a common base are. */
export const imageMountRow: Row = {
  id: 'oci-mount',
  title,
  async run(setting) {
    await using field = await openImageField(setting)
    for (const each of field.registries) await storeBlobs(each, source, seeds)
    const digests = seeds.map((seed) => blobOf(seed).digest)
    const loop = watchLoop()
    const turns = field.registries.map((each) =>
      loop.turn(each, (round) => mountSample(each, digests, `round-${round}`, setting.seconds)),
    )
    const figures = await alternate(setting.rounds, turns)
    return [{ table: 'Mounts', title, unit: 'mounts/s', figures }, ...loop.line(title)]
  },
}

async function mountSample(
  contestant: Contestant,
  digests: readonly string[],
  prefix: string,
  seconds: number,
): Promise<Sample> {
  const mounts = Array.from({ length: seconds * perSecond }, (_, i) => {
    const query = `?mount=${digests[i % digests.length]}&from=${imageRepository}/${source}`
    return paths.uploads(`${prefix}-${Math.floor(i / digests.length)}`, query)
  })
  const order = { method: 'POST', headers: {}, status: 201, clients, seconds } as const
  const { answered, seconds: took, p99Ms, problem } = await changeMany(contestant, { ...order, paths: mounts })
  return { value: answered / took, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
}
