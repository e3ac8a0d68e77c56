import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cursorsOf } from './cursors.ts'

const secret = 'x'.repeat(32)
const refused = { code: 'payload_invalid', message: /not one that this list gave out/, details: { field: 'cursor' } }

test('a cursor comes back from its list, on every replica of the secret, and equal ones are sealed alike', () => {
  const sealed = cursorsOf(secret).seal('/users', 'hidden é')
  assert.equal(cursorsOf(secret).open('/users', sealed), 'hidden é')
  assert.equal(cursorsOf(secret).seal('/users', 'hidden é'), sealed)
  assert.match(sealed, /^[\w-]+$/)
  assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /hidden/)
})

test('a cursor of another list or installation, changed, cut or made by hand is none', () => {
  const cursors = cursorsOf(secret)
  const sealed = cursors.seal('/users', 'jane')
  assert.throws(() => cursors.open('/teams', sealed), refused)
  assert.throws(() => cursorsOf('y'.repeat(32)).open('/users', sealed), refused)
  const changed = `${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`
  for (const made of ['', 'jane', changed, sealed.slice(0, -1), `${sealed}=`, `${sealed} `, 'A'.repeat(60)]) {
    assert.throws(() => cursors.open('/users', made), refused, made)
  }
})
