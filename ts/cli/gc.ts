import { type Command, InvalidArgumentError } from 'commander'
import { durationFrom, ValueError } from '../config/values.ts'
import { loadConfig } from '../config.ts'
import { type GarbageTurn, garbageCollector } from '../jobs/gc.ts'
import { type GarbageItem, previewGarbage } from '../jobs/gc-preview.ts'
import { paced } from '../jobs/pace.ts'
import { counted, sizeWords } from '../jobs/words.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import type { GarbageRunDocument, GarbageTotals } from '../metadata/platform-schema.ts'
import { jsonList } from './json-list.ts'
import { openBlobs, openMetadata } from './open-stores.ts'
import { recordedJob } from './recorded-job.ts'
import { repositoryNames } from './repository-names.ts'
import { stopBySignal } from './stop-by-signal.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

/** Beside a server on the same machine, half of a processor. */
const restShare = 1
const toldEveryMs = 5_000

interface Options {
  readonly dryRun?: true
  /** Seconds. */
  readonly grace?: number
  readonly json?: true
}

/** Adds `stowage gc`. */
export function gcCommand(program: Command, terminal: Terminal): void {
  program
    .command('gc')
    .description('remove what nothing refers to, beside running servers; they do so weekly themselves')
    .option('--dry-run', 'print what would go, and why; change nothing')
    .option('--grace <duration>', 'keep what was touched in this time: 2h to 365d (default: GC_GRACE_PERIOD)', grace)
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', '\nExamples:\n  $ stowage gc --dry-run\n  $ stowage gc --grace 48h')
    .action((options: Options) => (options.dryRun ? preview(options, terminal) : collect(options, terminal)))
}

function grace(text: string): number {
  try {
    return durationFrom('2h', '365d')(text)
  } catch (err) {
    throw err instanceof ValueError ? new InvalidArgumentError(`It ${err.message}.`) : err
  }
}

async function preview(options: Options, terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.env)
  const engine = await openMetadata(config.metadata)
  try {
    await printPreview({ graceSeconds: config.gcGraceSeconds, ...options }, engine, terminal)
  } finally {
    await engine.close()
  }
}

async function printPreview(
  { graceSeconds, grace: wanted = graceSeconds, json }: Options & { readonly graceSeconds: number },
  engine: MetadataEngine,
  terminal: Terminal,
): Promise<void> {
  using stop = stopBySignal()
  const list = json && jsonList(terminal)
  const nameOf = repositoryNames(engine)
  const totals = { uploads: 0, links: 0, blobs: 0, sizeBytes: 0 }
  const items = previewGarbage(engine, { graceSeconds: wanted, now: Date.now(), rest: paced(stop.signal, restShare) })
  for await (const item of items) {
    if (stop.signal.aborted) throw new Error('stopped before all was looked at.')
    count(totals, item)
    const repository = item.repositoryId === undefined ? undefined : await nameOf(item.repositoryId)
    if (list) list.add(factsOf(item, repository))
    else terminal.print(lineOf(item, repository))
  }
  if (list) list.end(totals)
  else terminal.print(isNothing(totals) ? 'Nothing would go.' : `${amounts(totals)} would go.`)
}

function count(totals: GarbageTotals, { kind, sizeBytes }: GarbageItem): void {
  if (kind === 'upload') totals.uploads += 1
  else if (kind === 'link') totals.links += 1
  else {
    totals.blobs += 1
    totals.sizeBytes += sizeBytes
  }
}

function factsOf({ repositoryId: _, touchedAt, ...item }: GarbageItem, repository: string | undefined): object {
  return { ...item, ...(repository !== undefined && { repository }), touchedAt: new Date(touchedAt).toISOString() }
}

function lineOf({ kind, name, image, sizeBytes, reason }: GarbageItem, repository: string | undefined): string {
  const where = repository === undefined ? '' : ` of ${image} in ${repository}`
  return `${kind} ${name}${where}, ${sizeWords(sizeBytes)}: ${reason}`
}

function amounts({ uploads, links, blobs, sizeBytes }: GarbageTotals): string {
  const found = [counted(uploads, 'upload'), counted(links, 'link'), counted(blobs, 'blob')]
  return `${found.slice(0, -1).join(', ')} and ${found.at(-1)} (${sizeWords(sizeBytes)})`
}

function isNothing({ uploads, links, blobs }: GarbageTotals): boolean {
  return uploads + links + blobs === 0
}

async function collect(options: Options, terminal: Terminal): Promise<void> {
  using stop = stopBySignal()
  const { blobs: blobConfig, gcGraceSeconds: graceSeconds } = loadConfig(terminal.env)
  const run = await withAccess(terminal.env, async (_access, engine, trail) => {
    const blobs = await openBlobs(blobConfig)
    const turn: GarbageTurn = {
      signal: stop.signal,
      restShare,
      ...(options.grace !== undefined && { graceSeconds: options.grace }),
      onProgress: tellingProgress(terminal),
    }
    const collector = garbageCollector({ engine, blobs, graceSeconds })
    try {
      return await recordedJob({ engine, trail }, 'gc', () => collector.collect(turn))
    } finally {
      await blobs.close()
    }
  })
  if (run.phase !== 'done') throw new Error('stopped; the next run goes on where this one ended.')
  terminal.print(options.json ? JSON.stringify(outcomeOf(run)) : outcomeWords(run))
}

function outcomeWords({ removed, seen }: GarbageRunDocument): string {
  const what = isNothing(removed) ? 'Nothing was there to remove' : `Removed ${amounts(removed)}`
  return `${what}; ${counted(seen, 'old blob')} looked at.`
}

function outcomeOf({ startedAt, finishedAt = startedAt, cutoff, seen, removed }: GarbageRunDocument): object {
  const time = (at: number) => new Date(at).toISOString()
  return { ...removed, seen, startedAt: time(startedAt), finishedAt: time(finishedAt), cutoff: time(cutoff) }
}

/** A line now and then, for people alone. */
function tellingProgress(terminal: Terminal): (run: GarbageRunDocument) => void {
  let toldAt = performance.now()
  return ({ seen, removed }) => {
    if (!terminal.isInteractive || performance.now() - toldAt < toldEveryMs) return
    toldAt = performance.now()
    terminal.note(`Looked at ${counted(seen, 'old blob')}; ${amounts(removed)} removed so far.`)
  }
}
