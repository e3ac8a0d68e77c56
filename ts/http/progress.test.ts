import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProgressRule } from './progress.ts'

const aMinute = { minBytesPerSecond: 1024, windowSeconds: 60 }

/** Seconds after which the rule cuts a client that sends so many bytes each second, at most an hour. */
function endures(bytesEachSecond: number): number | undefined {
  const rule = new ProgressRule(aMinute)
  for (let second = 1; second <= 3600; second++) {
    if (rule.remainingMs() < 1000) return second - 1
    rule.received(bytesEachSecond, 1000)
  }
  return undefined
}

test('1 KiB a second is enough for ever', () => {
  assert.equal(endures(1024), undefined)
})

test('less is cut after the minute', () => {
  assert.equal(endures(1023), 60)
  assert.equal(endures(0), 60)
})

test('a minute that began well does not excuse the next', () => {
  const rule = new ProgressRule(aMinute)
  rule.received(10_000_000, 59_000)
  assert.equal(rule.remainingMs(), 60_000)
  rule.received(61_439, 59_000)
  assert.equal(rule.remainingMs(), 1_000)
})

test('time that the server takes does not count', () => {
  const rule = new ProgressRule(aMinute)
  for (let i = 0; i < 1000; i++) rule.received(10, 0)
  assert.equal(rule.remainingMs(), 60_000)
})
