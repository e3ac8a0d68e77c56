import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineLine } from './machine.ts'
import { type BenchOptions, help, readOptions } from './options.ts'
import { aimsLine, markdownReport, textReport } from './report.ts'
import type { Line } from './results.ts'
import { openSetting } from './setting.ts'
import { installVerdaccio, requireWrk } from './tools.ts'

/** Measures Stowage beside other registries and bare servers; docs/performance.md explains what and why. */
async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  if (!options) return void process.stdout.write(help)
  await requireWrk()
  await installVerdaccio(report)
  const dir = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  // After the servers were killed, which processes.ts asked for earlier.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  await print(options, await measure(options, dir))
}

async function measure(options: BenchOptions, dir: string): Promise<Line[]> {
  const { rounds, seconds, quick } = options
  await using setting = openSetting({ dir, rounds, seconds, quick, report })
  const lines: Line[] = []
  for (const row of options.rows) {
    report(row.title)
    try {
      lines.push(...(await row.run(setting)))
    } catch (err) {
      process.exitCode = 1
      report(`${row.id} was not measured: ${err instanceof Error ? err.message : String(err)}`)
    }
  }
  return lines
}

async function print({ markdown, json, rounds, seconds }: BenchOptions, lines: readonly Line[]): Promise<void> {
  const machine = machineLine()
  const how = `Medians of ${rounds} alternated rounds of ${seconds} s. ${machine}. ${aimsLine(lines)}`
  process.stdout.write(`\n${how}\n\n${markdown ? markdownReport(lines) : textReport(lines)}`)
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, rounds, seconds, lines }, null, 2)}\n`)
}

function report(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

await main(process.argv.slice(2)).catch((err: unknown) => {
  process.stderr.write(`bench: ${err instanceof Error ? err.message : String(err)}\n`)
  process.exitCode = 1
})
