import { after, before, describe } from 'node:test'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { npmDialect, suiteOf } from './dialects.ts'
import { npmAccountCases } from './npm-account-cases.ts'
import { npmPackageCases } from './npm-package-cases.ts'
import { npmSecurityCases } from './npm-security-cases.ts'
import { npmTeamCases } from './npm-team-cases.ts'
import { sharedCases } from './shared-cases.ts'

const client = pinnedClient('npm', 10)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, npmDialect, () => registry)
  npmPackageCases(client, () => registry)
  npmAccountCases(client, () => registry)
  npmSecurityCases(client, () => registry)
  npmTeamCases(client, () => registry)
})
