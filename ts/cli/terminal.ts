import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Environment } from '../config/reader.ts'

/** What a command talks to. */
export interface Terminal {
  readonly env: Environment
  readonly stdin: NodeJS.ReadableStream
  /** A person sits in front of it and can be asked. */
  readonly isInteractive: boolean
  /** A line of the command's result. */
  print(line: string): void
  /** A line beside the result: hints, questions, errors. */
  note(line: string): void
}

/** A command called in a way that cannot work; exit code 2. */
export class UsageError extends Error {}

/** A failure that another process has told already; exit code 1 and no sentence. */
export class ToldError extends Error {}

/** The terminal that this process was started on. */
export function processTerminal(): Terminal {
  const { env, stdin, stdout, stderr } = process
  return {
    env,
    stdin,
    isInteractive: Boolean(stdin.isTTY && stderr.isTTY),
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
  }
}

/** Asks one question on an interactive terminal; an empty answer is `fallback`. */
export async function ask({ stdin }: Terminal, question: string, fallback = ''): Promise<string> {
  const lines = createInterface({ input: stdin, output: process.stderr })
  try {
    return (await lines.question(`${question}${fallback && ` [${fallback}]`}: `)).trim() || fallback
  } finally {
    lines.close()
  }
}

/** Asks without showing what is typed. */
export async function askHidden({ stdin }: Terminal, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  process.stderr.write(`${question}: `)
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** The first line of standard input, without its end. */
export async function readLine({ stdin }: Terminal): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0] ?? ''
}
