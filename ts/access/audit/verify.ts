import type { AuditStreamDocument } from '../../metadata/schema.ts'
import { checkpointCheck } from './check-checkpoints.ts'
import { streamCheck } from './check-stream.ts'
import { checkpointId } from './checkpoints.ts'
import { type AuditAnchor, type AuditReport, type Findings, findingsOf } from './findings.ts'
import { isBaseSigned } from './retention.ts'
import { type AuditStore, checkpointsId } from './store.ts'
import { pages } from './walk.ts'

/**
 * Reads the whole trail once, in pages, and says what does not fit. Entries and checkpoints that are written meanwhile
 * do no harm; when retention worked meanwhile and something was found, it reads again.
 */
export async function verifyTrail(store: AuditStore, anchor?: AuditAnchor): Promise<AuditReport> {
  for (let triesLeft = 2; ; triesLeft--) {
    const before = await store.streams.get(checkpointsId)
    const report = await verifyOnce(store, anchor)
    const isQuiet = (await store.streams.get(checkpointsId))?.revision === before?.revision
    if (report.findings.length === 0 || isQuiet || triesLeft === 0) return report
  }
}

async function verifyOnce(store: AuditStore, anchor: AuditAnchor | undefined): Promise<AuditReport> {
  const findings = findingsOf()
  const chain = await checkpointCheck(store, findings, anchor)
  for await (const { value } of pages((page) => store.checkpoints.find('bySequence', page))) await chain.next(value)
  const last = chain.end()
  const counts = await checkStreams(store, findings)
  return { ...counts, ...last, ...findings.result() }
}

async function checkStreams(store: AuditStore, findings: Findings) {
  const counts = { streams: 0, entries: 0, unsignedEntries: 0 }
  for await (const { id, value } of pages((page) => store.streams.find('byStream', page))) {
    counts.streams += 1
    await checkRecord(store, id, value, findings)
    const check = streamCheck({ stream: id, signed: value.sequence, ...(value.base && { base: value.base }) }, findings)
    const equals = { stream: id }
    const range = { after: value.base?.sequence ?? 0 }
    for await (const { id: place, value: entry } of pages((page) =>
      store.entries.find('bySequence', { equals, range, ...page }),
    )) {
      counts.entries += 1
      check.next(Number(place.slice(place.lastIndexOf('.') + 1)), entry)
    }
    counts.unsignedEntries += check.end()
  }
  return counts
}

/** What a stream's record says of itself, against what was signed. */
async function checkRecord(store: AuditStore, id: string, value: AuditStreamDocument, findings: Findings) {
  if (value.checkpoint > 0 && !(await isKnown(store, value.checkpoint))) {
    const words = `Checkpoint ${value.checkpoint}, which signed entry ${value.sequence} of ${id}, is missing.`
    findings.add({ stream: checkpointsId, kind: 'cut', sequence: value.checkpoint, words })
  }
  if (value.base && !isBaseSigned(await store.key(), id, value.base)) {
    const words = `That entries up to ${value.base.sequence} were removed by retention was not signed with this key.`
    findings.add({ stream: id, kind: 'forged', sequence: value.base.sequence, words })
  }
}

async function isKnown(store: AuditStore, checkpoint: number): Promise<boolean> {
  if (await store.checkpoints.get(checkpointId(checkpoint))) return true
  return checkpoint <= ((await store.streams.get(checkpointsId))?.value.base?.sequence ?? 0)
}
