import { randomUUID } from 'node:crypto'
import { after, before } from 'node:test'
import { type MongoServer, mongoSkip, openMongoServer } from '../testing/mongo-server.ts'
import { metadataContract } from './contract.ts'
import { openTestStore } from './contract-store.ts'
import { openMongoEngine } from './mongo.ts'
import { openingContract, type UnopenedStore } from './opening-contract.ts'

const skip = mongoSkip()
let server: MongoServer | undefined

before(async () => {
  if (!skip) server = await openMongoServer()
})
after(() => server?.[Symbol.asyncDispose]())

metadataContract(
  'mongo',
  async () => {
    const database = `test-${randomUUID()}`
    const store = await openTestStore({ kind: 'mongo', url: server?.url ?? '', database })
    return { store, [Symbol.asyncDispose]: () => store.engine.close() }
  },
  skip,
)

openingContract(
  'mongo',
  async () => {
    const address = { url: server?.url ?? '', database: `test-${randomUUID()}` }
    const store: UnopenedStore = { open: (release) => openMongoEngine({ ...address, ...release }) }
    return { store, async [Symbol.asyncDispose]() {} }
  },
  skip,
)
