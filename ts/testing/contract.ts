import { describe, test } from 'node:test'

export interface Opened<S> extends AsyncDisposable {
  store: S
}

/** One list of promises, run against every backend; each case gets a fresh, empty store. */
export function contract<S>(subject: string, cases: Record<string, (store: S) => Promise<void>>) {
  return (backend: string, open: () => Promise<Opened<S>>, skip?: string) => {
    describe(`${subject}: ${backend}`, { skip: skip ?? false }, () => {
      for (const [name, run] of Object.entries(cases)) {
        test(name, async () => {
          await using opened = await open()
          await run(opened.store)
        })
      }
    })
  }
}
