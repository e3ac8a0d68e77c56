import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contestant } from '../contestants/contestant.ts'
import { mebibyte } from '../oci/content.ts'
import { openImageField } from '../oci/field.ts'
import { writeLayout } from '../oci/layout.ts'
import { watchLoop } from '../oci/loop.ts'
import { runCommand } from '../processes.ts'
import type { Line } from '../results.ts'
import { alternate, type Sample } from '../rounds.ts'
import type { Row } from './row.ts'

const layers = 20
const layerBytes = 4 * mebibyte
const table = 'A real client'

/** What a build server's client needs for an image, both ways. Every round copies another image. */
export const imageCopyRow: Row = {
  id: 'oci-copy',
  title: `skopeo copy of an image of ${layers} layers of 4 MiB, push and pull`,
  async run(setting) {
    await requireSkopeo()
    await using field = await openImageField(setting)
    await using stack = new AsyncDisposableStack()
    const dir = await mkdtemp(join(setting.dir, 'layouts-'))
    stack.defer(() => rm(dir, { recursive: true, force: true }))
    for (let round = 0; round < setting.rounds; round++) {
      await writeLayout(join(dir, String(round)), `copied-${round}`, layers, layerBytes)
    }
    const timed = async (
      title: string,
      copy: (each: Contestant, round: number) => Promise<Sample>,
    ): Promise<Line[]> => {
      const loop = watchLoop()
      const turns = field.registries.map((each) => loop.turn(each, (round) => copy(each, round)))
      const figures = await alternate(setting.rounds, turns)
      return [{ table, title, unit: 's', figures }, ...loop.line(title)]
    }
    return [
      ...(await timed(`skopeo pushes an image of ${layers} layers`, (each, round) =>
        copied([
          '--dest-tls-verify=false',
          ...credentials(each, 'dest'),
          `oci:${join(dir, String(round))}`,
          addressOf(each, round),
        ]),
      )),
      ...(await timed(`skopeo pulls it`, async (each, round) => {
        const pulled = join(dir, 'pulled')
        return copied(['--src-tls-verify=false', addressOf(each, round), `dir:${pulled}`]).finally(() =>
          rm(pulled, { recursive: true, force: true }),
        )
      })),
    ]
  },
}

async function copied(args: readonly string[]): Promise<Sample> {
  const start = performance.now()
  await runCommand('skopeo', ['--insecure-policy', 'copy', '--quiet', ...args], { cwd: '/' })
  return { value: (performance.now() - start) / 1000 }
}

function addressOf({ registry }: Contestant, round: number): string {
  return `docker://${new URL(registry).host}${new URL(registry).pathname.replace('/v2', '')}/copied-${round}:v1`
}

function credentials({ headers }: Contestant, side: 'dest' | 'src'): string[] {
  const token = headers['authorization']?.replace('Bearer ', '')
  return token === undefined ? [`--${side}-no-creds`] : [`--${side}-creds`, `token:${token}`]
}

async function requireSkopeo(): Promise<void> {
  await runCommand('skopeo', ['--version'], { cwd: '/' }).catch(() => {
    throw new Error('Copying images needs skopeo: scripts/setup-test-tools.sh installs it.')
  })
}
