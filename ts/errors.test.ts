import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryError } from './errors.ts'

test('what a message quotes is cut to 200 characters, what it says around it is not', () => {
  const around =
    'The name "…" is taken already; choose another one, such as "next", or ask the owner of it to give it away.'
  const { message } = new RegistryError('payload_invalid', around.replace('…', 'x'.repeat(5000)))
  assert.equal(message, around.replace('…', `${'x'.repeat(200)}…`))
})

test('nothing makes a message or the name of a field long', () => {
  for (const sent of ['x'.repeat(1e6), '"'.repeat(1e6), `"${'x"'.repeat(1e5)}`, 'x '.repeat(1e5)]) {
    const { message, details } = new RegistryError('payload_invalid', `There is no ${sent}.`, { field: sent })
    assert.ok(message.length <= 1001 && (details.field ?? '').length <= 1001, `${message.length}`)
  }
})

test('a message that quotes nothing long stays as it is', () => {
  const message = `Repository "main" ${'says a lot, '.repeat(20)} and "this".`
  assert.equal(new RegistryError('access_denied', message).message, message)
})
