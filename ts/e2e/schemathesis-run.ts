import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { skipUnless } from '../testing/backends.ts'
import { openTestFolder } from '../testing/stores.ts'

const root = join(import.meta.dirname, '../..')
const program = join(root, '.cache/schemathesis/bin/schemathesis')
/** Its configuration, and what keeps a run from harming itself. */
const folder = join(import.meta.dirname, 'schemathesis')

export interface SchemathesisRun {
  /** Of the server. */
  readonly url: string
  /** Absent: nobody is signed in. */
  readonly token?: string
  /** Names and ids, in lower case, that no change is made to: its account and its token. */
  readonly own: readonly string[]
  /** What half of the requests are about: by the name of the parameter, `{id}` by the first segment of its path. */
  readonly known: Readonly<Record<string, string>>
  /** `coverage` goes through the parameters by plan, `fuzzing` makes requests up, `stateful` follows what was answered. */
  readonly phases: readonly ('coverage' | 'fuzzing' | 'stateful')[]
  /** How many requests the fuzzer makes of an operation. */
  readonly maxExamples: number
}

/** Why it does not run, or `undefined`. */
export function skipWithoutSchemathesis(): string | undefined {
  return skipUnless(existsSync(program), 'there is no .cache/schemathesis (scripts/setup-schemathesis.sh)')
}

/** `Schemathesis 4.0.0`. */
export async function schemathesisVersion(): Promise<string> {
  return (await run(['--version'], {})).output.trim()
}

/** Asks the server all that its own description says of it; always the same, as far as ids let it. */
export async function runSchemathesis({ url, token, own, known, phases, maxExamples }: SchemathesisRun) {
  const header = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]
  const config = ['--config-file', join(folder, 'schemathesis.toml')]
  const address = `${url}/api/v1/openapi.json`
  const bounds = ['--phases', phases.join(','), '--max-examples', String(maxExamples)]
  return run([...config, 'run', ...header, ...bounds, address], {
    STOWAGE_OWN: JSON.stringify(own),
    STOWAGE_KNOWN: JSON.stringify(known),
  })
}

/** In a folder of its own, where it leaves what it remembers, and with nothing of this process's environment. */
async function run(args: readonly string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
  await using home = await openTestFolder()
  const child = spawn(program, args, {
    cwd: home.path,
    env: {
      HOME: home.path,
      NO_COLOR: '1',
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const pieces: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece))
  const [code]: (number | null)[] = await once(child, 'close')
  process.off('exit', kill)
  return { code: code ?? -1, output: Buffer.concat(pieces).toString() }
}
