import type { Command } from 'commander'
import type { Environment } from '../config/reader.ts'
import { similarNames } from '../config/similar-names.ts'
import { allVariables } from '../config/variables.ts'
import { ConfigError, loadConfig } from '../config.ts'
import { machineProblems } from './machine-check.ts'
import type { Terminal } from './terminal.ts'

interface Row {
  readonly name: string
  /** Masked when secret; absent when unset and without a default. */
  readonly value?: string
  readonly origin: 'environment' | 'default' | 'unset'
}

interface Report {
  readonly variables: readonly Row[]
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Adds `stowage config check`. */
export function configCommand(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('configuration')
    .command('check')
    .description('print the effective configuration, secrets masked, and every problem at once, on this machine too')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ S3_ENDPOINT=https://s3.example.com stowage config check')
    .action(async ({ json }: { json?: true }) => {
      const report = await checkConfig(terminal.env)
      if (json) terminal.print(JSON.stringify(report))
      else printReport(report, terminal)
      if (report.problems.length > 0) throw new Error(failure(report.problems.length))
    })
}

function failure(count: number): string {
  return count === 1 ? 'the configuration has a problem.' : `the configuration has ${count} problems.`
}

/** The effective value of every variable, and what is wrong, also with this machine, or looks like a mistake. */
export async function checkConfig(env: Environment): Promise<Report> {
  const problems = problemsOf(env)
  const isNamed = (variable: string) => problems.some((problem) => problem.startsWith(`${variable} `))
  const onMachine = await machineProblems(isNamed('HOST') ? { ...env, HOST: '' } : env)
  return {
    variables: allVariables.map(([name]) => rowOf(name, env)),
    problems: [...problems, ...onMachine],
    warnings: similarNames(env),
  }
}

function rowOf(name: string, env: Environment): Row {
  const variable = allVariables.find(([known]) => known === name)?.[1]
  const given = env[name]
  if (given) return { name, value: variable?.secret ? '********' : given, origin: 'environment' }
  if (variable?.default === undefined) return { name, origin: 'unset' }
  return { name, value: variable.default, origin: 'default' }
}

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (err) {
    if (err instanceof ConfigError) return err.problems
    throw err
  }
}

function printReport({ variables, problems, warnings }: Report, terminal: Terminal): void {
  const width = Math.max(...variables.map(({ name }) => name.length))
  for (const { name, value, origin } of variables) {
    const shown = value === undefined ? '(not set)' : `${value}${origin === 'default' ? '  (default)' : ''}`
    terminal.print(`${name.padEnd(width)}  ${shown}`)
  }
  for (const warning of warnings) terminal.note(`Warning: ${warning}`)
  for (const problem of problems) terminal.note(`Problem: ${problem}`)
}
