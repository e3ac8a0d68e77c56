import * as accessSchema from '../../metadata/access-schema.ts'
import type { AuditStreamDocument } from '../../metadata/platform-schema.ts'
import * as signInSchema from '../../metadata/sign-in-schema.ts'
import { checkpointCheck } from './check-checkpoints.ts'
import { streamCheck } from './check-stream.ts'
import {
  type AuditAnchor,
  type AuditReport,
  type Findings,
  findingsOf,
  misplacedWords,
  unreadableWords,
} from './findings.ts'
import { checkedPages, isCheckpoint, isEntry, isStream } from './readable.ts'
import { isBaseSigned } from './retention.ts'
import { type AuditStore, auditKeySetting, checkpointsId, sequenceOf } from './store.ts'

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
  if (await isEmptied(store)) {
    const words = 'The trail is empty, although this installation has been used: all of it was removed.'
    findings.add({ stream: checkpointsId, kind: 'lost', words })
  }
  const chain = await checkpointCheck(store, findings, anchor)
  for await (const page of checkedPages((query) => store.checkpoints.find('bySequence', query), isCheckpoint)) {
    for (const id of page.unreadable) chain.unreadable(Number(id))
    for (const id of page.misplaced) chain.misplaced(Number(id))
    for (const { value } of page.items) await chain.next(value)
  }
  const last = chain.end()
  const counts = await checkStreams(store, findings)
  return { ...counts, ...last, ...findings.result() }
}

/**
 * True when nothing is left of a trail that was there: every user leaves an entry, and the key is made with the first
 * checkpoint, the last of which retention keeps.
 */
async function isEmptied(store: AuditStore): Promise<boolean> {
  const unfit = () => {}
  const left = await Promise.all([
    store.streams.count('byStream', {}),
    store.checkpoints.count('bySequence', {}),
    store.entries.find('byTime', { limit: 1, unfit }).then(({ items }) => items.length),
  ])
  if (left.some((count) => count > 0)) return false
  const users = await store.engine.collection(accessSchema.users).count('byUsername', {})
  return users > 0 || (await store.engine.collection(signInSchema.settings).get(auditKeySetting)) !== undefined
}

async function checkStreams(store: AuditStore, findings: Findings) {
  const counts = { streams: 0, entries: 0, unsignedEntries: 0 }
  for await (const page of checkedPages((query) => store.streams.find('byStream', query), isStream)) {
    for (const stream of page.unreadable) {
      findings.add({ stream, kind: 'unreadable', words: unreadableWords('The record of the stream') })
    }
    for (const stream of page.misplaced) {
      findings.add({ stream, kind: 'misplaced', words: misplacedWords('The record of the stream') })
    }
    for (const { id, value } of page.items) {
      counts.streams += 1
      await checkRecord(store, id, value, findings)
      const { entries, unsigned } = await checkEntries(store, id, value, findings)
      counts.entries += entries
      counts.unsignedEntries += unsigned
    }
  }
  return counts
}

async function checkEntries(store: AuditStore, id: string, value: AuditStreamDocument, findings: Findings) {
  const check = streamCheck({ stream: id, signed: value.sequence, ...(value.base && { base: value.base }) }, findings)
  const equals = { stream: id }
  const range = { after: value.base?.sequence ?? 0 }
  let entries = 0
  for await (const page of checkedPages(
    (query) => store.entries.find('bySequence', { equals, range, ...query }),
    isEntry,
  )) {
    for (const place of page.unreadable) check.unreadable(sequenceOf(place))
    for (const place of page.misplaced) check.misplaced(sequenceOf(place))
    // The place is the one of the id, whatever the index says.
    const inOrder = page.items
      .map((entry) => ({ sequence: sequenceOf(entry.id), entry: entry.value }))
      .toSorted((a, b) => a.sequence - b.sequence)
    for (const { sequence, entry } of inOrder) check.next(sequence, entry)
    entries += page.items.length
  }
  return { entries, unsigned: check.end() }
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
  if ((await store.checkpoints.count('bySequence', { equals: { sequence: checkpoint } })) > 0) return true
  return checkpoint <= ((await store.streams.get(checkpointsId))?.value.base?.sequence ?? 0)
}
