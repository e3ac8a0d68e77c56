import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, type Log, redact } from './log.ts'

const token = `srg_${'a1B2'.repeat(12)}`

function recorded(write: (log: Log) => void, pretty = false): string {
  const lines: string[] = []
  write(createLog({ level: 'debug', pretty, stream: { write: (line) => void lines.push(line) } }))
  return lines.join('')
}

test('a line is one JSON object with level, time and message', () => {
  const line = JSON.parse(recorded((log) => log.info({ requestId: 'r1' }, 'answered')))
  assert.deepEqual({ ...line, time: typeof line.time }, { level: 30, time: 'string', requestId: 'r1', msg: 'answered' })
})

test('the pretty form is text with the same message', () => {
  const text = recorded((log) => log.info({ requestId: 'r1' }, 'answered'), true)
  assert.match(text, /INFO.*answered/)
  assert.match(text, /requestId: "r1"/)
})

const secrets: Record<string, (log: Log) => void> = {
  'a token in a message': (log) => log.info(`deleted ${token}`),
  'a token in a URL path': (log) => log.info({ url: `/npm/-/user/token/${token}?a=1` }),
  'a foreign token in a URL path': (log) => log.info({ url: '/-/user/token/s3cr3tValue-of-old' }),
  'the secret of a waiting login': (log) => log.info({ url: '/npm/-/v1/done/s3cr3tValue' }),
  'a token in a query': (log) => log.info({ url: '/x?token=s3cr3tValue&y=1' }),
  'a header object': (log) => log.info({ headers: { authorization: 'Bearer s3cr3tValue' } }),
  'a cookie list': (log) => log.info({ headers: { 'set-cookie': ['sid=s3cr3tValue; HttpOnly'] } }),
  'a one-time code': (log) => log.info({ 'npm-otp': 's3cr3tValue' }),
  'a password deep inside': (log) => log.info({ a: { b: { c: { password: 'x"s3cr3tValue' } } } }),
  'a header in a message': (log) => log.info('sent Authorization: Basic czNjcjN0VmFsdWU6czNjcjN0VmFsdWU='),
  'an address with a password': (log) => log.info('mongodb://root:s3cr3tValue@db.example.com/'),
  'the stack of an error': (log) => log.error(new Error(`no such token ${token}`)),
}
for (const [name, write] of Object.entries(secrets)) {
  for (const pretty of [false, true]) {
    test(`${name} is redacted${pretty ? ', pretty' : ''}`, () => {
      const text = recorded(write, pretty)
      assert.match(text, /\[redacted\]/)
      assert.doesNotMatch(text, /srg_|s3cr3tValue|czNjcjN0/)
    })
  }
}

test('what is no secret stays', () => {
  const text = '{"url":"/npm/@a%2fb?write=true","name":"basic tokens","tokenCount":3}'
  assert.equal(redact(text), text)
})
