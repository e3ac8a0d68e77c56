import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkEmail,
  checkLabel,
  checkNewUsername,
  checkOrganizationName,
  checkRepositoryName,
  checkText,
  checkUsername,
  usernameKey,
} from './names.ts'

const reserved = new Set(['api', 'v2'])
const refusedAs = (field: string, message: RegExp) => ({ code: 'payload_invalid', message, details: { field } })

describe('organization and repository names', () => {
  for (const name of ['a', '1', 'acme', 'acme-2', 'a-b-c', 'constructor', 'x'.repeat(64)]) {
    test(`"${name}" is one`, () => {
      assert.equal(checkOrganizationName(name, reserved), name)
      assert.equal(checkRepositoryName(name), name)
    })
  }
  for (const name of [
    '',
    '-',
    'a-',
    '-a',
    'a--b',
    'Acme',
    'a_b',
    'a.b',
    'ä',
    'a b',
    'a\n',
    '__proto__',
    'x'.repeat(65),
  ]) {
    test(`${JSON.stringify(name)} is none, and the rule is told`, () => {
      assert.throws(
        () => checkOrganizationName(name, reserved),
        refusedAs('name', /An organization name has 1 to 64 lower/),
      )
      assert.throws(() => checkRepositoryName(name), refusedAs('name', /A repository name has 1 to 64 lower/))
    })
  }

  test('a reserved name names no organization, but a repository', () => {
    assert.throws(() => checkOrganizationName('api', reserved), refusedAs('name', /"api" is reserved/))
    assert.equal(checkRepositoryName('api'), 'api')
  })
})

describe('usernames', () => {
  for (const name of ['jane', 'Jane.Doe-2_x', '0', 'hasOwnProperty', 'constructor', 'x'.repeat(64)]) {
    test(`"${name}" is one`, () => assert.equal(checkUsername(name), name))
  }
  for (const name of ['', '.a', '_a', '-a', '__proto__', 'a b', 'a@b', 'a/b', 'é', 'a\n', 'x'.repeat(65)]) {
    test(`${JSON.stringify(name)} is none`, () => {
      assert.throws(
        () => checkUsername(name),
        refusedAs('username', /1 to 64 letters .* starts with a letter or a digit/),
      )
    })
  }
  test('differ by more than case', () => assert.equal(usernameKey('Jane.DOE'), usernameKey('jane.doe')))
})

describe('e-mail addresses', () => {
  test('are trimmed and in lower case', () => assert.equal(checkEmail(' Jane@Example.COM '), 'jane@example.com'))
  test('may have no dot after the @', () => assert.equal(checkEmail('root@localhost'), 'root@localhost'))
  for (const address of [
    '',
    'jane',
    '@a',
    'jane@',
    'a b@c.d',
    'a@b@c.d',
    'a@b..c',
    'a@b.c\r\nX: y',
    `${'x'.repeat(251)}@a.b`,
  ]) {
    test(`${JSON.stringify(address)} is none`, () => {
      assert.throws(() => checkEmail(address), refusedAs('email', /looks like jane@example\.com/))
    })
  }
})

test('a label is one line of bounded length', () => {
  assert.equal(checkLabel('name', ' ci of acme ', 20), 'ci of acme')
  for (const text of ['', '  ', 'a\nb', 'a\0b', 'x'.repeat(21), '\ud800']) {
    assert.throws(() => checkLabel('name', text, 20), refusedAs('name', /1 to 20 characters on one line/))
  }
})

describe('usernames of somebody new', () => {
  for (const name of [
    'usr_x',
    'USR_1',
    '0rg_a',
    'tearn_a',
    'T0K_',
    'System',
    'anonyrnous',
    'command-line',
    'C0mmand-1ine',
    'ME',
  ]) {
    test(`"${name}" is none, though it was one`, () => {
      assert.equal(checkUsername(name), name)
      assert.throws(() => checkNewUsername(name), refusedAs('username', /looks like an id or is a word of the server/))
    })
  }
  for (const name of ['jane_doe', 'usr', 'users_1', 'robin', 'systems', 'mel', 'abc_d']) {
    test(`"${name}" is one`, () => assert.equal(checkNewUsername(name), name))
  }
})

describe('what nobody sees', () => {
  for (const text of ['a\u202eb', 'a\u2066b', 'a\u200bb', 'a\u200db', 'a\ufeffb', 'a\u2028b', 'a\u0007b', 'a\u061cb']) {
    test(`${JSON.stringify(text)} is neither a label nor a text`, () => {
      assert.throws(() => checkLabel('displayName', text, 20), { code: 'payload_invalid' })
      assert.throws(() => checkText('description', text), refusedAs('description', /nobody sees/))
    })
  }
  test('a text has lines, and letters of every script', () => {
    const text = 'Jane\n\tДжейн, 한국어\r\n👋🏽'
    assert.equal(checkText('description', text), text)
    for (const name of ['Джейн 👋🏽', 'می\u200cخواهم', '👩🏽\u200d💻 Ann', '❤\uFE0F\u200d🔥']) {
      assert.equal(checkLabel('displayName', name, 20), name)
    }
  })
})
