import assert from 'node:assert/strict'
import { test } from 'node:test'
import { names } from './contestants/contestant.ts'
import { aimsLine, markdownReport } from './report.ts'
import { atLeastShare, below, type Figure } from './results.ts'
import { alternate } from './rounds.ts'

const figures: readonly Figure[] = [
  { contestant: names.bare, samples: [1000, 2000, 1000] },
  { contestant: names.stowage, samples: [700, 1000, 650], beside: { 'p99 ms': '4.0' } },
  { contestant: names.verdaccio, samples: [10, 10, 20] },
]

test('an aim compares round with round, so that a slow minute of the machine changes nothing', () => {
  const aim = atLeastShare(figures, names.stowage, names.bare, 0.6)
  assert.deepEqual(aim, { text: 'at least 60 % of the bare server', reached: '65 %', met: true })
  assert.equal(atLeastShare(figures, names.stowage, names.bare, 0.7).met, false)
})

test('a figure with a problem meets no aim and is shown as invalid', () => {
  const failed = [{ contestant: names.stowage, samples: [1], problem: '3 status errors' }]
  const aim = below(failed, names.stowage, 40, 'MiB')
  assert.deepEqual([aim.reached, aim.met], ['not measured', false])
  const text = markdownReport([{ table: 'T', title: 'a row', unit: 'MiB', figures: failed, aim }])
  assert.match(text, /invalid: 3 status errors/)
})

test('a table has a column per contestant, in a fixed order, and says what was missed', () => {
  const aim = atLeastShare(figures, names.stowage, names.bare, 0.7)
  const line = { table: 'Reading', title: 'a packument', unit: 'requests/s', figures, aim } as const
  assert.equal(
    markdownReport([line]),
    `### Reading

|  | unit | Stowage | Verdaccio | bare server | Stowage : Verdaccio | aim | reached |  |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
| a packument | requests/s | 700 (p99 ms 4.0) | 10 | 1,000 | 70 × | at least 70 % of the bare server | 65 % | **missed** |
`,
  )
  assert.equal(aimsLine([line, { ...line, aim: { ...aim, met: true } }]), '1 of 2 aims met (50 %)')
})

test('contestants take turns, and one that fails is invalid without stopping the others', async () => {
  const order: string[] = []
  const turn = (contestant: string, fails: boolean) => ({
    contestant,
    async measure(round: number) {
      order.push(`${contestant}${round}`)
      if (fails) throw new Error('it is\nbroken')
      return { value: round }
    },
  })
  const [a, b] = await alternate(2, [turn('a', true), turn('b', false)])
  assert.deepEqual(order, ['a0', 'b0', 'a1', 'b1'])
  assert.equal(a?.problem, 'it is broken')
  assert.deepEqual([b?.samples, b?.problem], [[0, 1], undefined])
})
