import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSummary } from './load.ts'

const summary = (errors: object) =>
  `Running 1s test\n{"requests":500,"microseconds":2000000,"bytes":4000,"p50":1000,"p99":2500,${JSON.stringify({
    connect: 0,
    read: 0,
    write: 0,
    status: 0,
    timeout: 0,
    ...errors,
  }).slice(1)}\n`

test('rates are per second and latencies milliseconds', () => {
  const { requests, result } = readSummary(summary({}))
  assert.equal(requests, 500)
  assert.deepEqual(result, { requestsPerSecond: 250, bytesPerSecond: 2000, p99Ms: 2.5 })
})

test('any error makes the run a problem that says which', () => {
  assert.equal(readSummary(summary({ status: 3, timeout: 1 })).result.problem, '3 status errors, 1 timeout errors')
})

test('no summary is an error with what wrk said', () => {
  assert.throws(() => readSummary('unable to connect'), /unable to connect/)
})
