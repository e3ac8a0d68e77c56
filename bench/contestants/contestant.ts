/** A server that is measured. */
export interface Contestant {
  readonly name: string
  /** What package names are appended to, no slash at the end. */
  readonly registry: string
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  readonly pid: number
  stop(): Promise<void>
}

/** The names that the tables use. */
export const names = {
  stowage: 'Stowage',
  twoWorkers: 'Stowage, 2 workers',
  executable: 'Stowage, executable',
  verdaccio: 'Verdaccio',
  distribution: 'distribution',
  nginx: 'nginx',
  bare: 'bare server',
} as const
