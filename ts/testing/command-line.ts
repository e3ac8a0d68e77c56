import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execute } from '../cli/cli.ts'

export interface Outcome {
  readonly code: number
  /** What was printed as the result. */
  readonly out: string
  /** What was printed beside it. */
  readonly notes: string
}

export interface TestCommandLine extends Disposable {
  /** What the commands find in the environment: a data folder of their own. */
  readonly env: Readonly<Record<string, string>>
  /** Runs `stowage` with these words, where nobody can be asked. */
  run(argv: readonly string[], stdin?: string): Promise<Outcome>
  /** The result of a command that succeeds; throws for another. */
  ok(...argv: string[]): Promise<string>
  /** Fails unless the command exits with this code, prints no result, and says such a thing beside it. */
  refuses(argv: readonly string[], code: 1 | 2, note: RegExp): Promise<void>
  /** What a command prints with `--json`. */
  json(...argv: string[]): Promise<unknown>
}

/** The command line on a new data folder, with these variables too; disposing of it removes the folder. */
export function openCommandLine(more: Readonly<Record<string, string>> = {}): TestCommandLine {
  const env = { ...more, DATA_DIR: mkdtempSync(join(tmpdir(), 'stowage-cli-')) }

  async function run(argv: readonly string[], stdin = ''): Promise<Outcome> {
    const out: string[] = []
    const notes: string[] = []
    const code = await execute(argv, {
      env,
      stdin: Readable.from([Buffer.from(stdin)]),
      isInteractive: false,
      print: (line) => void out.push(line),
      note: (line) => void notes.push(line),
    })
    return { code, out: out.join('\n'), notes: notes.join('\n') }
  }

  async function ok(...argv: string[]): Promise<string> {
    const { code, out, notes } = await run(argv)
    if (code !== 0) throw new Error(`stowage ${argv.join(' ')} exited with ${code}: ${notes}`)
    return out
  }

  return {
    env,
    run,
    ok,
    async refuses(argv, expected, note) {
      const { code, out, notes } = await run(argv)
      assert.deepEqual({ code, out }, { code: expected, out: '' })
      assert.match(notes, note)
    },
    json: async (...argv) => JSON.parse(await ok(...argv, '--json')),
    [Symbol.dispose]: () => rmSync(env.DATA_DIR, { recursive: true, force: true }),
  }
}
