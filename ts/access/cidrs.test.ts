import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressRanges, checkCidr, isInRanges } from './cidrs.ts'

describe('ranges', () => {
  const cases: [cidr: string, address: string, isIn: boolean][] = [
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['2001:db8::/32', '2001:db9::5', false],
    ['2001:db8::1', '2001:DB8:0::1', true],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['10.0.0.0/8', '::ffff:0a01:0101', true],
    ['10.0.0.0/8', '::ffff:11.1.1.1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', 'unix', false],
    ['0.0.0.0/0', '', false],
  ]
  for (const [cidr, address, isIn] of cases) {
    test(`${cidr} ${isIn ? 'holds' : 'does not hold'} ${address}`, () => {
      assert.equal(isInRanges(addressRanges([checkCidr(cidr)]), address), isIn)
    })
  }

  test('one of several is enough', () => {
    const ranges = addressRanges(['10.0.0.0/8', '2001:db8::/32'])
    assert.deepEqual(
      ['10.1.1.1', '2001:db8::1', '192.0.2.1'].map((a) => isInRanges(ranges, a)),
      [true, true, false],
    )
  })
})

for (const text of [
  '',
  'x',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/08',
  '10.0.0/8',
  '::/129',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  'fe80::1%eth0/64',
  '::ffff:10.0.0.0/104',
]) {
  test(`${JSON.stringify(text)} is no range`, () => {
    assert.throws(() => checkCidr(text), { code: 'payload_invalid', message: /range/ })
  })
}
