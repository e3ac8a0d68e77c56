import type { Log } from '../log.ts'
import type { Build } from './version.ts'

export interface Started {
  readonly build: Build
  /** Where the server can be reached. */
  readonly url: string
  /** Absent once there is an administrator. */
  readonly setupLink: string | undefined
}

/** The lines that a person reads at the start. */
export function banner({ build, url, setupLink }: Started): string {
  const first = `Stowage ${build.version} listens on ${url}`
  if (setupLink === undefined) return first
  return `${first}\n\nIt has no administrator yet. Open this link to set it up; it works once:\n\n    ${setupLink}\n`
}

/** Tells where the server is: to a person on a terminal, else as lines of the log. */
export function announce(started: Started, isTerminal: boolean, log: Log): void {
  if (isTerminal) return void process.stdout.write(`${banner(started)}\n`)
  // Not through the log, which takes secrets out of every line.
  if (started.setupLink !== undefined) process.stdout.write(`${JSON.stringify(setupLine(started.setupLink))}\n`)
  // The last line of a start: whoever waits for it has read the link.
  log.info({ url: started.url, ...started.build }, 'Stowage listens')
}

function setupLine(setupLink: string) {
  const msg = 'There is no administrator yet; open the setup link, which works once'
  return { level: 30, time: new Date().toISOString(), setupLink, msg }
}
