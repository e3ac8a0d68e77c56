import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { withAccess } from './with-access.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.ok('org', 'create', 'acme')
})
after(() => stowage[Symbol.dispose]())

async function makeRobot(name: string): Promise<string> {
  await stowage.ok('robot', 'create', name, '--description', 'Builds')
  return stowage.ok('token', 'create', '--robot', name, '--name', 'ci')
}

/** What a repository of its own organization says to the robot's token. */
async function answerTo(token: string): Promise<string> {
  return withAccess(stowage.env, async (access) => {
    const principal = await access.authenticate({ kind: 'token', token }, '192.0.2.1').catch(() => undefined)
    if (principal?.kind !== 'robot') return 'not valid'
    return principal.robot.value.isActive ? 'valid' : 'disabled'
  })
}

test('the robots of an organization are listed', async () => {
  await makeRobot('acme/lister')
  assert.match(await stowage.ok('robot', 'list', 'acme'), /^acme\/lister +yes +20\S+ +Builds$/m)
})

test("a disabled robot's token is worth nothing until it is enabled", async () => {
  const token = await makeRobot('acme/sleeper')
  await stowage.ok('robot', 'disable', 'acme/sleeper')
  assert.match(await stowage.ok('robot', 'list', 'acme'), /^acme\/sleeper +no/m)
  assert.notEqual(await answerTo(token), 'valid')
  await stowage.ok('robot', 'enable', 'acme/sleeper')
  assert.equal(await answerTo(token), 'valid')
})

test('a deleted robot takes its tokens with it', async () => {
  const token = await makeRobot('acme/passing')
  await stowage.ok('robot', 'delete', 'acme/passing')
  assert.equal(await answerTo(token), 'not valid')
  assert.doesNotMatch(await stowage.ok('robot', 'list', 'acme', '--json'), /passing/)
})

describe('what cannot be done says so', () => {
  const cases: [name: string, argv: string[], code: number, note: RegExp][] = [
    ['an unknown robot', ['robot', 'delete', 'acme/x'], 1, /^stowage: There is no robot "acme\/x"\.$/],
    ['a name that is none', ['robot', 'create', 'acme/CI'], 1, /^stowage: A robot name has 1 to 64 lower-case/],
    ['an unknown organization', ['robot', 'create', 'x/ci'], 1, /^stowage: There is no organization "x"\.$/],
    ['a robot without its organization', ['robot', 'create', 'ci'], 2, /must be organization\/robot, as in acme\/ci/],
  ]
  for (const [name, argv, code, note] of cases) {
    test(name, async () => {
      const answer = await stowage.run(argv)
      assert.deepEqual({ code: answer.code, out: answer.out }, { code, out: '' })
      assert.match(answer.notes, note)
    })
  }
})
