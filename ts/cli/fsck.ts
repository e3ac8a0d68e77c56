import type { Command } from 'commander'
import type { BlobStore } from '../blobs/store.ts'
import { type Config, loadConfig } from '../config.ts'
import { checkStores } from '../jobs/fsck.ts'
import type { Finding } from '../jobs/fsck-finding.ts'
import { paced } from '../jobs/pace.ts'
import { counted } from '../jobs/words.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { jsonList } from './json-list.ts'
import { openBlobs, openMetadata } from './open-stores.ts'
import { recordedJob } from './recorded-job.ts'
import { stopBySignal } from './stop-by-signal.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

/** Beside a server on the same machine, half of a processor. */
const restShare = 1
const toldEveryMs = 5_000

interface Options {
  readonly repair?: true
  readonly fast?: true
  readonly json?: true
}

/** Adds `stowage fsck`. */
export function fsckCommand(program: Command, terminal: Terminal): void {
  program
    .command('fsck')
    .description('compare metadata and artifacts, beside running servers; exits with 1 when something is wrong')
    .option('--repair', 'repair what can be; damaged bytes are moved to a quarantine, none are deleted')
    .option('--fast', 'do not read the artifacts, only compare their sizes')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExamples:\n  $ stowage fsck --fast\n  $ stowage fsck --repair --json')
    .action((options: Options) => check(options, terminal))
}

async function check(options: Options, terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.env)
  const blobs = await openBlobs(config.blobs)
  const checkWith = (engine: MetadataEngine) => printFindings(options, { engine, blobs, config }, terminal)
  try {
    // What is repaired is in the audit trail as done by whoever runs the command.
    if (options.repair) {
      await withAccess(terminal.env, (_access, engine, trail) =>
        recordedJob({ engine, trail }, 'fsck', () => checkWith(engine)),
      )
    } else {
      await withMetadata(config, checkWith)
    }
  } finally {
    await blobs.close()
  }
}

async function withMetadata(config: Config, use: (engine: MetadataEngine) => Promise<void>): Promise<void> {
  const engine = await openMetadata(config.metadata)
  try {
    await use(engine)
  } finally {
    await engine.close()
  }
}

interface Opened {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  readonly config: Config
}

async function printFindings(options: Options, { engine, blobs, config }: Opened, terminal: Terminal): Promise<void> {
  using stop = stopBySignal()
  const seen = new Map<string, number>()
  const totals = { findings: 0, repaired: 0 }
  const list = options.json && jsonList(terminal)
  const progress = tellingProgress(terminal)
  const findings = checkStores({
    engine,
    blobs,
    graceSeconds: config.gcGraceSeconds,
    isFast: options.fast ?? false,
    repairs: options.repair ?? false,
    now: Date.now,
    signal: stop.signal,
    rest: paced(stop.signal, restShare),
    onProgress(thing, count) {
      seen.set(thing, count)
      progress(thing, count)
    },
  })
  for await (const finding of findings) {
    totals.findings += 1
    if (finding.repaired !== undefined) totals.repaired += 1
    if (list) list.add(finding)
    else terminal.print(lineOf(finding))
  }
  if (stop.signal.aborted) throw new Error('stopped before all was looked at.')
  if (list) list.end({ ...totals, seen: asJson(seen) })
  else terminal.print(summary(totals, seen))
  if (totals.findings > 0) throw new Error(`${counted(totals.findings, 'finding')}, ${totals.repaired} repaired.`)
}

function lineOf({ kind, subject, problem, advice, repaired }: Finding): string {
  return `${kind} ${subject}: ${problem}. ${repaired === undefined ? advice : `Repaired: ${repaired}`}`
}

function summary({ findings }: { findings: number }, seen: ReadonlyMap<string, number>): string {
  const looked = [...seen].map(([thing, count]) => counted(count, thing)).join(', ')
  return `${findings === 0 ? 'Everything is as it should be. ' : ''}Looked at ${looked}.`
}

/** `{"blobRecord": 7}`. */
function asJson(seen: ReadonlyMap<string, number>): Record<string, number> {
  const keyOf = (thing: string) => thing.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries([...seen].map(([thing, count]) => [keyOf(thing), count]))
}

/** A line now and then, for people alone. */
function tellingProgress(terminal: Terminal): (thing: string, seen: number) => void {
  let toldAt = performance.now()
  return (thing, seen) => {
    if (!terminal.isInteractive || performance.now() - toldAt < toldEveryMs) return
    toldAt = performance.now()
    terminal.note(`Looked at ${counted(seen, thing)}.`)
  }
}
