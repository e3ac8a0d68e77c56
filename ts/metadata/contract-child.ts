import { openThings, things } from './contract-things.ts'

/**
 * Another process on the store: `node metadata-child.ts ADDRESS PREFIX COUNT` inserts COUNT things, eight at a time,
 * named PREFIX0, PREFIX1, …, and prints the name of each when it is answered, or `taken NAME`.
 */
const [address = '', prefix = '', count = '0'] = process.argv.slice(2)
const engine = await openThings(JSON.parse(address))
const collection = engine.collection(things)
let next = 0

async function insertSome() {
  while (next < Number(count)) {
    const name = `${prefix}${next++}`
    const inserted = collection.insert(`${process.pid}-${name}`, { name, group: 'child', rank: next })
    const line = await inserted.then(
      () => name,
      () => `taken ${name}`,
    )
    process.stdout.write(`${line}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, insertSome))
await engine.close()
