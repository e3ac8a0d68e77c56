import type { BlobStore } from '../blobs/store.ts'
import type { Registry } from '../registry/registry.ts'
import type { Job } from './scheduler.ts'

const daySeconds = 86_400

export interface JobsDeps {
  readonly registry: Registry
  readonly blobs: BlobStore
  /** Removes sessions and login requests whose time is over. */
  readonly expireSignIns: () => Promise<void>
}

/** Every job of the server. */
export function allJobs({ registry, blobs, expireSignIns }: JobsDeps): Job[] {
  return [
    { name: 'downloads', everySeconds: 10, exclusive: false, run: () => registry.downloads.flush() },
    {
      name: 'completion',
      everySeconds: 10,
      exclusive: true,
      run: async () => {
        await registry.completeUnfinished(Date.now() - 20_000)
      },
    },
    {
      name: 'search-visibility',
      everySeconds: 10,
      exclusive: true,
      run: () => registry.postings.followVisibility(),
    },
    {
      name: 'sweep-staging',
      everySeconds: 3600,
      exclusive: true,
      run: async () => {
        await blobs.sweep(daySeconds)
      },
    },
    { name: 'expire-sign-ins', everySeconds: 600, exclusive: true, run: expireSignIns },
  ]
}
