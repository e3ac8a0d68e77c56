import { type Contestant, names } from '../contestants/contestant.ts'
import { startDistribution } from '../contestants/distribution.ts'
import { executablePath, imageRepository } from '../contestants/stowage.ts'
import { blobOf, gibibyte } from '../oci/content.ts'
import { freshDir, startImageStowage } from '../oci/field.ts'
import { paths } from '../oci/image.ts'
import { watchLoop } from '../oci/loop.ts'
import { pushBlobs, storeBlobs } from '../oci/pushing.ts'
import { pull } from '../oci/reading.ts'
import { forgetPeak, memoryOf } from '../processes.ts'
import { below, type Line } from '../results.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import type { Row } from './row.ts'

const image = 'app'
const transfers = 50
const aimMiB = 250
/** One blob for all of them: its bytes are hashed and staged for each all the same. */
const seed = { seed: 'large', sizeBytes: gibibyte }
const large = `${transfers} blobs of 1 GiB at once`

/** Resident memory of a fresh process with many large transfers; those that take too long are broken off. */
export const imageParallelRow: Row = {
  id: 'oci-parallel',
  title: `resident memory during pulls and pushes of ${large}`,
  async run(setting) {
    // Memory does not grow with what was transferred before: a part of all bytes shows it as well as all do.
    const limitSeconds = setting.seconds * 6
    return [
      ...(await measurePeaks(setting, `pulls of ${large}`, async (server) => {
        await storeBlobs(server, image, [seed])
        return (contestant) => pullAll(contestant, limitSeconds)
      })),
      ...(await measurePeaks(setting, `pushes of ${large}`, async () => (to) => pushAll(to, limitSeconds))),
    ]
  },
}

type Transfer = (contestant: Contestant) => Promise<{ movedBytes: number; seconds: number; problem?: string }>

/** One round: the figure hardly differs between rounds, and each would move up to 150 GiB. */
async function measurePeaks(
  setting: Setting,
  title: string,
  prepare: (server: Contestant) => Promise<Transfer>,
): Promise<Line[]> {
  const executable = executablePath()
  const loop = watchLoop()
  const turnOf = (contestant: string, start: (stack: AsyncDisposableStack) => Promise<Contestant>) => ({
    contestant,
    async measure() {
      await using stack = new AsyncDisposableStack()
      const server = await start(stack)
      stack.defer(server.stop)
      const transfer = await prepare(server)
      // Awaited here: else the server would be stopped before it is measured.
      return await loop.during(server, () => peakSample(server, transfer))
    },
  })
  const figures = await alternate(1, [
    turnOf(names.stowage, (stack) => startImageStowage(setting, stack)),
    ...(executable
      ? [turnOf(names.executable, (stack) => startImageStowage(setting, stack, { executable, name: names.executable }))]
      : []),
    turnOf(names.distribution, async (stack) => startDistribution(await freshDir(setting, stack), imageRepository)),
  ])
  const aim = below(figures, executable ? names.executable : names.stowage, aimMiB, 'MiB')
  return [{ table: 'Memory with many large transfers', title, unit: 'MiB', figures, aim }, ...loop.line(title)]
}

async function peakSample(server: Contestant, transfer: Transfer): Promise<Sample> {
  const before = await memoryOf(server.pid)
  await forgetPeak(server.pid)
  const { movedBytes, seconds, problem } = await transfer(server)
  const after = await memoryOf(server.pid)
  if (!before || !after) return { value: 0, problem: 'memory is read from /proc, which is not here' }
  return {
    value: after.peak / 2 ** 20,
    beside: { 'before MiB': before.resident / 2 ** 20, 'moved GiB': movedBytes / gibibyte, 'took s': seconds },
    ...(problem === undefined ? {} : { problem }),
  }
}

const pullAll = async (contestant: Contestant, limitSeconds: number): ReturnType<Transfer> => {
  const order = { method: 'GET', headers: {}, connections: transfers, requestsEach: 1, cuts: true } as const
  const path = paths.blob(image, blobOf(seed))
  const { receivedBytes, ...report } = await pull(contestant, { ...order, path, seconds: limitSeconds })
  return { ...report, movedBytes: receivedBytes }
}

const pushAll = async (contestant: Contestant, cutSeconds: number): ReturnType<Transfer> => {
  const blobs = Array.from({ length: transfers }, () => seed)
  const order = { image, blobs, clients: transfers, how: 'streamed', cutSeconds } as const
  const { sentBytes, ...report } = await pushBlobs(contestant, order)
  return { ...report, movedBytes: sentBytes }
}
