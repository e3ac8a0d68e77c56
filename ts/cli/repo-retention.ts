import type { Command } from 'commander'
import { witness } from '../access/audit/witness.ts'
import { retentionAuthor } from '../jobs/retention.ts'
import { counted } from '../jobs/words.ts'
import { protocols } from '../protocols/all.ts'
import { removesTags } from '../registry/images/retention-plan.ts'
import type { RetentionFinding } from '../registry/images/retention-walk.ts'
import type { Registry } from '../registry/registry.ts'
import type { Repository } from '../registry/store.ts'
import { requireTagRecords } from '../registry/tag-records.ts'
import { addressArgument, formatAddress, parseAddress } from './addresses.ts'
import { everyPage } from './every-page.ts'
import { jsonList } from './json-list.ts'
import { requireRepository } from './required.ts'
import { type RuleOptions, retentionWords, ruleIn, ruleOptions } from './retention-rule.ts'
import { stopBySignal } from './stop-by-signal.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'
import { withRegistry } from './with-registry.ts'

interface Options extends RuleOptions {
  readonly dryRun?: true
  readonly json?: true
}

/** Adds `stowage repo retention show`, `set`, `clear`, `run`. */
export function repoRetentionCommand(repo: Command, terminal: Terminal): void {
  const retention = repo
    .command('retention')
    .description('which tags and manifests of images go by themselves, daily')
    .helpCommand(false)
  retention
    .command('show')
    .argument(...addressArgument)
    .description('print the rule of a repository')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo retention show oci/acme/containers')
    .action((address: string, options: Options) => showRule(address, options, terminal))
  ruleOptions(retention.command('set').argument(...addressArgument))
    .description('give a repository this rule in place of the one that it has')
    .addHelpText('after', setExamples)
    .action((address: string, options: Options) => setRule(address, options, terminal))
  retention
    .command('clear')
    .argument(...addressArgument)
    .description('take the rule away: nothing goes by itself')
    .addHelpText('after', '\nExample:\n  $ stowage repo retention clear oci/acme/containers')
    .action((address: string) => clearRule(address, terminal))
  retention
    .command('run')
    .argument(...addressArgument)
    .description('remove now what goes by the rule, beside running servers')
    .option('--dry-run', 'print what would go, and why; change nothing')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo retention run oci/acme/containers --dry-run')
    .action((address: string, options: Options) => runRule(address, options, terminal))
}

const setExamples = `
What removes is an age; what keeps goes before it. A rule that only keeps removes nothing.

Examples:
  $ stowage repo retention set oci/acme/containers --keep-last 10 --older-than 90
  $ stowage repo retention set oci/acme/nightly --keep-matching 'stable,v*' --unpulled-for 30 --untagged-for 7`

async function showRule(text: string, { json }: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { retention } = (await requireRepository(access, address)).repository.value
    if (json) return terminal.print(JSON.stringify(retention ?? null))
    if (!retention) return terminal.note('There is none: nothing goes by itself.')
    for (const line of retentionWords(retention)) terminal.print(line)
  })
}

async function setRule(text: string, options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  const rule = ruleIn(options)
  requireTagRecords(protocols, address.protocol)
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    await access.repositories.configure(repository.id, { retention: rule })
    terminal.print(`${formatAddress(address)} ${retentionWords(rule).join('; ')}.`)
    if (!removesTags(rule) && rule.untaggedDays === undefined) {
      terminal.note('That removes nothing: it only says what stays.')
    } else terminal.note('"stowage repo retention run --dry-run" shows what would go now.')
  })
}

async function clearRule(text: string, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    await access.repositories.configure(repository.id, { retention: null })
    terminal.print(`Nothing goes by itself from ${formatAddress(address)}.`)
  })
}

async function runRule(text: string, options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withRegistry(terminal.env, async (registry, access) => {
    const { repository } = await requireRepository(access, address)
    if (!repository.value.retention) throw new Error(`The repository ${formatAddress(address)} has no retention rule.`)
    const told = telling(options, terminal)
    if (options.dryRun) await preview(registry, repository, told.tell)
    else await remove(registry, repository, told.tell)
    told.end()
  })
}

async function preview(
  registry: Registry,
  repository: Repository,
  tell: (finding: RetentionFinding) => void,
): Promise<void> {
  const { retention: rule = {} } = repository.value
  for await (const finding of everyPage((page) => registry.retention.preview(repository, rule, page))) tell(finding)
}

async function remove(
  registry: Registry,
  repository: Repository,
  tell: (finding: RetentionFinding) => void,
): Promise<void> {
  using stop = stopBySignal()
  const who = witness()
  const author = who ? { actor: who.actor.id, requestId: who.requestId } : retentionAuthor()
  const { isComplete } = await registry.retention.run(repository, author, { signal: stop.signal, onRemoved: tell })
  if (!isComplete) throw new Error('it ended before all was looked at: it was stopped, or the rule was changed.')
}

/** Prints what goes as it goes, and how much that was at the end. */
function telling({ json, dryRun }: Options, terminal: Terminal) {
  const list = json && jsonList(terminal)
  const totals = { tags: 0, manifests: 0 }
  return {
    tell(finding: RetentionFinding): void {
      totals[finding.kind === 'tag' ? 'tags' : 'manifests'] += 1
      if (list) list.add(factsOf(finding))
      else terminal.print(lineOf(finding))
    },
    end(): void {
      const amount = `${counted(totals.tags, 'tag')} and ${counted(totals.manifests, 'manifest')}`
      if (list) list.end(totals)
      else terminal.print(dryRun ? `${amount} would go.` : `Removed ${amount}.`)
    },
  }
}

function lineOf({ kind, package: { value }, tag, digest, why }: RetentionFinding): string {
  return kind === 'tag' ? `tag ${value.name}:${tag}: ${why}` : `manifest ${value.name}@${digest}: ${why}`
}

function factsOf({ kind, package: { value }, tag, digest, pushedAt, lastPulledAt, why }: RetentionFinding): object {
  const time = (at: number) => new Date(at).toISOString()
  return {
    kind,
    image: value.name,
    ...(tag !== undefined && { tag }),
    digest,
    pushedAt: time(pushedAt),
    ...(lastPulledAt !== undefined && { lastPulledAt: time(lastPulledAt) }),
    why,
  }
}
