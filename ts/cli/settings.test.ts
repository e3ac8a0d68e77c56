import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'

let stowage: TestCommandLine

before(() => {
  stowage = openCommandLine()
})
after(() => stowage[Symbol.dispose]())

const show = () => stowage.json('settings', 'show')
const set = (...argv: string[]) => stowage.ok('settings', 'set', ...argv)

const defaults = {
  anonymousAccess: true,
  anonymousAccessInForce: true,
  signUp: false,
  maxTokenLifetimeDays: null,
  reservedNames: [],
  banner: null,
  bannerLevel: null,
}

test('settings are shown, and change one by one', async () => {
  assert.deepEqual(await show(), defaults)
  const shown = await stowage.ok('settings', 'show')
  for (const line of [/^max token lifetime days +–$/m, /^banner +–$/m]) assert.match(shown, line)
  assert.equal(await set('anonymous-access', 'off'), 'The setting anonymous-access is changed.')
  await set('sign-up', 'on')
  await set('max-token-lifetime-days', '90')
  await set('reserved-names', 'Support, admin')
  await set('banner', 'Maintenance on Sunday', '--level', 'warning')
  assert.deepEqual(await show(), {
    anonymousAccess: false,
    anonymousAccessInForce: false,
    signUp: true,
    maxTokenLifetimeDays: 90,
    reservedNames: ['admin', 'support'],
    banner: 'Maintenance on Sunday',
    bannerLevel: 'warning',
  })
  assert.match(await stowage.ok('settings', 'show'), /^max token lifetime days +90$/m)
  await set('anonymous-access', 'on')
  await set('sign-up', 'off')
  for (const key of ['max-token-lifetime-days', 'reserved-names', 'banner']) await set(key, 'none')
  assert.deepEqual(await show(), defaults)
})

test('they hold for what other commands make', async () => {
  const user = ['user', 'create', 'jane', '--email', 'jane@example.com', '--password-stdin']
  await stowage.run(user, 'an azure umbrella')
  await set('max-token-lifetime-days', '30')
  await set('reserved-names', 'acme')
  const token = await stowage.run(['token', 'create', '--user', 'jane', '--name', 'x'])
  assert.equal(token.code, 1)
  assert.match(token.notes, /^stowage: A token lives for at most 30 days here\./)
  await stowage.ok('token', 'create', '--user', 'jane', '--name', 'x', '--expires', '30d')
  const org = await stowage.run(['org', 'create', 'acme'])
  assert.match(org.notes, /is reserved on this server/)
  for (const key of ['max-token-lifetime-days', 'reserved-names']) await set(key, 'none')
})

test('anonymous access that the configuration has off is said to stay off', async () => {
  using closed = openCommandLine({ ANONYMOUS_ACCESS: 'false' })
  const { code, notes } = await closed.run(['settings', 'set', 'anonymous-access', 'on'])
  assert.deepEqual([code, notes], [0, 'Anonymous access stays off: ANONYMOUS_ACCESS=false in the configuration.'])
  assert.deepEqual(await closed.json('settings', 'show'), { ...defaults, anonymousAccessInForce: false })
})

describe('what cannot be is refused, and changes nothing', () => {
  const cases: [name: string, argv: string[], code: number, note: RegExp][] = [
    ['a key that is none', ['colour', 'blue'], 2, /there is no setting "colour", but anonymous-access, /],
    ['an object key', ['constructor', 'on'], 2, /there is no setting "constructor"/],
    ['neither on nor off', ['sign-up', 'maybe'], 2, /on or off, not "maybe"/],
    ['no number', ['max-token-lifetime-days', 'many'], 2, /whole number of days or "none"/],
    ['too many days', ['max-token-lifetime-days', '4000'], 1, /from 1 to 3650/],
    ['a name that cannot be', ['reserved-names', 'fine,n%t'], 1, /"n%t" could be no name/],
    ['a level that is none', ['banner', 'x', '--level', 'loud'], 2, /info, warning, critical/],
    ['a level of something else', ['sign-up', 'on', '--level', 'info'], 2, /for the banner alone/],
    ['an empty banner', ['banner', ' '], 1, /1 to 500 characters/],
  ]
  for (const [name, argv, code, note] of cases) {
    test(name, async () => {
      const outcome = await stowage.run(['settings', 'set', ...argv])
      assert.deepEqual([outcome.code, outcome.out], [code, ''])
      assert.match(outcome.notes, note)
      assert.deepEqual(await show(), defaults)
    })
  }
})

test('jobs are listed as far as servers have kept their history', async () => {
  const { code, notes } = await stowage.run(['jobs'])
  assert.deepEqual([code, notes], [0, 'There are none.'])
})
