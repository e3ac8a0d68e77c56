import { cpus, release, type as systemName, totalmem } from 'node:os'

/** One line about where the figures come from. */
export function machineLine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const processors = cpus()
  const model = processors[0]?.model.replace(/\s+/g, ' ').trim() || process.arch
  return `${processors.length} × ${model}, ${memory}, ${systemName()} ${release()}, Node ${process.versions.node}`
}
