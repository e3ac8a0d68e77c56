import { randomUUID } from 'node:crypto'
import type { MetadataEngine } from '../metadata/engine.ts'
import { leases } from '../metadata/platform-schema.ts'
import type { Registry } from '../registry/registry.ts'
import type { Repository } from '../registry/store.ts'
import { takeLease } from './lease.ts'
import type { Job, JobTurn } from './scheduler.ts'

const hourSeconds = 3600
/** A repository is done when its rule was carried out to the end; until then it is not looked at again. */
const doneSeconds = 24 * hourSeconds - hourSeconds / 2

/**
 * Removes daily what goes by the retention rules of repositories. Looks hourly for those whose day has come, so that a
 * run which was cut off goes on, and a server that starts daily comes to it. Who asks for a run has all of them looked at.
 */
export function retentionJob({ retention }: Pick<Registry, 'retention'>, engine: MetadataEngine): Job {
  async function runIn(repository: Repository, { signal, isRequested }: JobTurn): Promise<void> {
    const done = `retention-${repository.id}`
    if (!isRequested && !(await isDue(engine, done))) return
    const { isComplete } = await retention.run(repository, retentionAuthor(), { signal })
    if (isComplete) await takeLease(engine, done, 'retention', doneSeconds)
  }

  return {
    name: 'retention',
    summary: 'Removes, once a day, tags and manifests of images that go by the retention rules of their repositories.',
    everySeconds: hourSeconds,
    firstSeconds: 600,
    exclusive: true,
    async run(turn) {
      const failures: unknown[] = []
      for await (const repository of retention.repositories()) {
        if (turn.signal.aborted) break
        // One that cannot be cleared keeps no other from it.
        await runIn(repository, turn).catch((err: unknown) => failures.push(err))
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** Who removes what goes by itself, for the log; a new request. */
export function retentionAuthor() {
  return { actor: 'retention', requestId: randomUUID() }
}

/** The mark of a repository that is done ends by itself. */
async function isDue(engine: MetadataEngine, name: string): Promise<boolean> {
  const mark = await engine.collection(leases).get(name)
  return !mark || mark.value.expiresAt <= Date.now()
}
