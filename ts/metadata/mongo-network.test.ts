import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type MongoServer, mongoSkip, openMongoServer } from '../testing/mongo-server.ts'
import { openTestStore } from './contract-store.ts'
import { openThings } from './contract-things.ts'
import { openConnection } from './sqlite-connection.ts'

const skip = mongoSkip()
let server: MongoServer | undefined

before(async () => {
  if (!skip) server = await openMongoServer()
})
after(() => server?.[Symbol.asyncDispose]())

describe('a MongoDB whose answers are lost', { skip: skip ?? false }, () => {
  test('an insert recognises its own record', async () => {
    await using store = await openLossyStore()
    store.loseNextAnswerTo('insert')
    const inserted = await store.things.insert('a', { name: 'n', hits: 1 })
    assert.equal(store.lost(), 1)
    assert.deepEqual(inserted, { id: 'a', revision: 1, value: { name: 'n', hits: 1 } })
    assert.deepEqual(await store.things.get('a'), inserted)
  })

  test('an update recognises its own change, and counts once', async () => {
    await using store = await openLossyStore()
    await store.things.insert('a', { name: 'n' })
    store.loseNextAnswerTo('update')
    assert.equal((await store.things.update('a', 1, { name: 'm' })).revision, 2)
    assert.equal(store.lost(), 1)
    assert.deepEqual(await store.things.get('a'), { id: 'a', revision: 2, value: { name: 'm' } })
  })

  test('a delete of a revision succeeds', async () => {
    await using store = await openLossyStore()
    await store.things.insert('a', { name: 'n' })
    store.loseNextAnswerTo('delete')
    await store.things.delete('a', 1)
    assert.equal(store.lost(), 1)
    assert.equal(await store.things.get('a'), undefined)
  })

  test('an increment is unavailable rather than counted twice', async () => {
    await using store = await openLossyStore()
    await store.things.insert('a', { hits: 1 })
    store.loseNextAnswerTo('findAndModify')
    await assert.rejects(store.things.increment('a', 'hits', 1, {}), { code: 'unavailable' })
    assert.equal((await store.things.get('a'))?.value.hits, 2)
  })
})

describe('opening a MongoDB', { skip: skip ?? false }, () => {
  test('that cannot be reached is refused with its host and without its password', async () => {
    const url = 'mongodb://user:secret@127.0.0.1:1/?directConnection=true&serverSelectionTimeoutMS=200'
    await assert.rejects(openThings({ kind: 'mongo', url, database: 'x' }), {
      code: 'unavailable',
      message: 'MongoDB at 127.0.0.1:1 cannot be reached.',
    })
  })

  test('by an address that is none is refused without repeating it', async () => {
    for (const url of [
      'postgres://user:secret@host',
      'mongodb://user:secret@',
      'secret',
      'mongodb://h/?w=secret&x=y',
    ]) {
      await assert.rejects(openThings({ kind: 'mongo', url, database: 'x' }), (err: Error) => {
        return 'code' in err && err.code === 'unavailable' && !`${err.message}${String(err.cause)}`.includes('secret')
      })
    }
  })

  test('that takes no writes is refused at once', async (t) => {
    if (!server?.folder) return t.skip('needs the server that the tests start')
    const address = { kind: 'mongo', url: server.url, database: `test-${randomUUID()}` } as const
    await (await openThings(address)).close()
    refuseWrites(join(server.folder, `${address.database}.db`))
    await assert.rejects(openThings(address), {
      code: 'unavailable',
      message: /^MongoDB at \S+ cannot be used: .*read-only/,
    })
  })
})

/** A store behind a proxy that can lose answers. */
async function openLossyStore() {
  await using owned = new AsyncDisposableStack()
  const proxy = owned.use(await openLossyProxy(new URL(server?.url ?? '')))
  const store = await openTestStore({ kind: 'mongo', url: proxy.url, database: `test-${randomUUID()}` })
  owned.defer(() => store.engine.close())
  const all = owned.move()
  return { ...store, ...proxy, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** A proxy that, once asked to, hangs up instead of passing on the answer to the next command of a name. */
async function openLossyProxy(target: URL) {
  let awaited: string | undefined
  let lost = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(Number(target.port || 27017), target.hostname)
    let isLossy = false
    client.on('data', (bytes) => {
      if (awaited !== undefined && bytes.includes(`\x02${awaited}\0`)) {
        isLossy = true
        awaited = undefined
      }
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!isLossy) return client.write(bytes)
      lost++
      return client.destroy()
    })
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const url = new URL(target)
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    url: url.href,
    lost: () => lost,
    loseNextAnswerTo(command: string) {
      awaited = command
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

/** Makes the test server's own file refuse changes to what an opening process writes first. */
function refuseWrites(path: string) {
  using file = openConnection(path, false)
  for (const change of ['INSERT', 'UPDATE']) {
    const name = `refuse_${change}`
    file.exec(`CREATE TRIGGER ${name} BEFORE ${change} ON schema_state BEGIN SELECT raise(ABORT, 'read-only'); END`)
  }
}
