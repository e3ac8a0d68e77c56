import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { PasswordResult } from './password-worker.ts'
import { checkNewPassword, type PasswordJobs, passwordJobs, workerPasswords } from './passwords.ts'

describe('on the worker', () => {
  const passwords = workerPasswords()
  after(() => passwords.close())

  test('a hash is bcrypt of cost 12 and verifies its password alone', async () => {
    const hash = await passwords.hash('correct horse battery')
    assert.match(hash, /^\$2b\$12\$/)
    assert.equal(await passwords.verify('correct horse battery', hash), true)
    assert.equal(await passwords.verify('correct horse batterx', hash), false)
  })

  test('an unknown user is compared like a wrong password, and refused', async () => {
    const start = performance.now()
    assert.equal(await passwords.verify('correct horse battery', undefined), false)
    assert.ok(performance.now() - start > 50)
  })

  test('the loop runs on while it works', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    await passwords.hash('correct horse battery')
    clearInterval(timer)
    assert.ok(turns >= 5, `${turns} turns`)
  })
})

/** Counts what is asked, and answers when told. */
function countedJobs() {
  const asked: PromiseWithResolvers<PasswordResult>[] = []
  const jobs: PasswordJobs = {
    run() {
      const answer = Promise.withResolvers<PasswordResult>()
      asked.push(answer)
      return answer.promise
    },
    close: async () => {},
  }
  return { asked, passwords: workerPasswords(jobs) }
}

describe('what was verified', () => {
  test('is asked once by many at a time, and not again for 5 seconds', async () => {
    const { asked, passwords } = countedJobs()
    const both = [passwords.verify('p', 'h'), passwords.verify('p', 'h')]
    asked[0]?.resolve({ id: 1, matches: true })
    assert.deepEqual(await Promise.all(both), [true, true])
    assert.equal(await passwords.verify('p', 'h'), true)
    assert.equal(asked.length, 1)
  })

  test('is known to be right once it was found to be', async () => {
    const { asked, passwords } = countedJobs()
    const verified = passwords.verify('p', 'h')
    assert.equal(passwords.remembers('p', 'h'), false)
    asked[0]?.resolve({ id: 1, matches: true })
    await verified
    assert.deepEqual([passwords.remembers('p', 'h'), passwords.remembers('q', 'h')], [true, false])
  })

  test('is asked again for another password and for another hash', async () => {
    const { asked, passwords } = countedJobs()
    const [right] = [passwords.verify('p', 'h'), passwords.verify('q', 'h'), passwords.verify('p', 'i')]
    asked[0]?.resolve({ id: 1, matches: true })
    assert.equal(await right, true)
    assert.equal(asked.length, 3)
  })

  test('is not remembered when it was wrong or failed', async () => {
    const { asked, passwords } = countedJobs()
    const wrong = passwords.verify('p', 'h')
    asked[0]?.resolve({ id: 1, matches: false })
    assert.equal(await wrong, false)
    const failed = passwords.verify('p', 'h')
    asked[1]?.reject(new Error('died'))
    await assert.rejects(failed, /died/)
    void passwords.verify('p', 'h')
    assert.equal(asked.length, 3)
  })

  test('too long to be a password is wrong without asking', async () => {
    const { asked, passwords } = countedJobs()
    assert.equal(await passwords.verify('x'.repeat(73), 'h'), false)
    assert.equal(asked.length, 0)
  })
})

test('a thread that was stopped fails what waits, and the next job starts another', async () => {
  const jobs = passwordJobs()
  const waiting = jobs.run({ password: 'p' })
  await jobs.close()
  await assert.rejects(waiting, { code: 'unavailable' })
  assert.ok((await jobs.run({ password: 'p' })).hash)
  await jobs.close()
})

test('when hundreds wait, one more is told to come back', async () => {
  const jobs = passwordJobs()
  const waiting = Array.from({ length: 300 }, () => jobs.run({ password: 'p' }).catch(() => 'stopped'))
  await assert.rejects(jobs.run({ password: 'p' }), { code: 'too_many_requests', details: { retryAfterSeconds: 105 } })
  await jobs.close()
  await Promise.all(waiting)
})

describe('a new password', () => {
  for (const password of [`xyz${'-'.repeat(9)}`, `xyz${'-'.repeat(69)}`, `äbc${'ä'.repeat(33)}ab`]) {
    test(`of ${password.length} characters, ${Buffer.byteLength(password)} bytes, is taken`, () =>
      checkNewPassword(password))
  }
  test('has at least 12 characters', () => {
    assert.throws(() => checkNewPassword('x'.repeat(11)), { message: /at least 12 characters/ })
    assert.throws(() => checkNewPassword('😀'.repeat(11)), { message: /at least 12 characters/ })
  })
  for (const password of [
    'Password1234',
    'QWERTYUIOP123!!',
    'xxxxxxxxxxxx',
    'abcabcabcabc',
    '9876543210987',
    'correct horse battery staple',
  ]) {
    test(`is none that is tried first: ${password}`, () => {
      assert.throws(() => checkNewPassword(password), { message: /tried first/, details: { field: 'password' } })
    })
  }
  for (const password of ['correct horse battery', 'a long password', 'password of my own', 'abcabcabcabd']) {
    test(`may resemble one that is tried first: ${password}`, () => checkNewPassword(password))
  }
  test('has at most 72 bytes', () => {
    assert.throws(() => checkNewPassword('x'.repeat(73)), { message: /at most 72 bytes/ })
    assert.throws(() => checkNewPassword('ä'.repeat(37)), { message: /at most 72 bytes/ })
  })
})
