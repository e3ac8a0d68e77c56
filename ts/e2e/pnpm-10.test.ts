import { after, before, describe } from 'node:test'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { pnpmDialect, suiteOf } from './dialects.ts'
import { pnpmCases } from './pnpm-cases.ts'
import { sharedCases } from './shared-cases.ts'

const client = pinnedClient('pnpm', 10)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, pnpmDialect, () => registry)
  pnpmCases(client, () => registry)
})
