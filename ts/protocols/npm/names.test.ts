import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  parsePackageName,
  requireNewName,
  requireTag,
  requireVersion,
  tarballFile,
  versionOfTarballFile,
} from './names.ts'

describe('names of new packages', () => {
  const valid = [
    'a',
    'constructor',
    'hasownproperty',
    'a.b_c-d',
    '@acme/thing',
    '@acme/_internal',
    '@a1/1',
    'x'.repeat(214),
  ]
  for (const name of valid) test(`${name.slice(0, 20)} is one`, () => assert.equal(requireNewName(name).name, name))

  const refused: [name: unknown, why: RegExp][] = [
    [undefined, /must be a string/],
    [7, /must be a string/],
    ['', /not empty/],
    ['x'.repeat(215), /215 characters.*at most 214/],
    [' a', /white space.*use "a"/],
    ['Thing', /lower-case: "thing"/],
    ['node_modules', /reserved/],
    ['favicon.ico', /reserved/],
    ['__proto__', /starts with "_"/],
    ['.a', /starts with "."/],
    ['-', /starts with "-"/],
    ['@acme/.a', /starts with "."/],
    ['@_acme/a', /scope starts with "_"/],
    ['@acme', /has no name/],
    ['@/a', /has no scope/],
    ['@acme/', /has no name/],
    ['a/b', /contains "\/"/],
    ['@a/b/c', /contains "\/"/],
    ['a b', /contains " "/],
    ['a~', /contains "~"/],
    ['a%2fb', /contains "%"/],
    ['naïve', /contains "ï"/],
    ['a\0', /contains "\\u0000"/],
  ]
  for (const [name, message] of refused) {
    test(`${JSON.stringify(name)?.slice(0, 20)} is refused: ${message.source}`, () => {
      assert.throws(() => requireNewName(name), { code: 'payload_invalid', message, details: { field: 'name' } })
    })
  }
})

test('a legacy name can be asked for, but nothing that is no name', () => {
  assert.deepEqual(parsePackageName('JSONStream'), { name: 'JSONStream', base: 'JSONStream' })
  assert.deepEqual(parsePackageName('@acme/thing'), { name: '@acme/thing', scope: 'acme', base: 'thing' })
  assert.ok(parsePackageName("it's(old)"))
  for (const name of [
    '',
    '-',
    '..',
    '@acme',
    '@acme/..',
    '@../a',
    'a/b',
    'a%2fb',
    '_x',
    'node_modules',
    '@@a/b',
    'a\n',
  ]) {
    assert.equal(parsePackageName(name), undefined, name)
  }
})

test('a tarball is named without the scope, and its version is read back', () => {
  const name = requireNewName('@acme/thing')
  assert.equal(tarballFile(name, '1.0.0-rc.1'), 'thing-1.0.0-rc.1.tgz')
  assert.equal(versionOfTarballFile(name, 'thing-1.0.0-rc.1.tgz'), '1.0.0-rc.1')
  for (const file of ['thing-1.0.tgz', 'thing-v1.0.0.tgz', 'other-1.0.0.tgz', 'thing-1.0.0.tar', 'thing-1.0.0+a.tgz']) {
    assert.equal(versionOfTarballFile(name, file), undefined, file)
  }
})

describe('versions', () => {
  test('build metadata is no part of the identity', () => {
    assert.equal(requireVersion('1.2.3-beta.1+build.5', 'version'), '1.2.3-beta.1')
  })
  const refused: [version: unknown, why: RegExp][] = [
    ['v1.0.0', /use "1.0.0"/],
    ['=1.0.0', /use "1.0.0"/],
    [' 1.0.0', /use "1.0.0"/],
    ['1.0.0beta+x', /use "1.0.0-beta\+x"/],
    ['01.0.0', /use "1.0.0"/],
    ['1.0', /no version/],
    ['latest', /no version/],
    ['', /no version/],
    [1, /must be a string/],
    [undefined, /must be a string.*absent/],
  ]
  for (const [version, message] of refused) {
    test(`${JSON.stringify(version)} is refused: ${message.source}`, () => {
      assert.throws(() => requireVersion(version, 'f'), { code: 'payload_invalid', message, details: { field: 'f' } })
    })
  }
})

describe('dist-tags', () => {
  for (const tag of ['latest', 'next', '__proto__', 'constructor', 'release-1.x-lts', 'Beta_2']) {
    test(`${tag} is one`, () => assert.equal(requireTag(tag, 'f'), tag))
  }
  for (const tag of ['1.0', 'v1.0', 'v1', '*', 'x', '1.0.0', '^1', '>=2', '', ' ', 'a b', 'a/b', '..', 7, undefined]) {
    test(`${JSON.stringify(tag)} is refused`, () => {
      assert.throws(() => requireTag(tag, 'f'), { code: 'payload_invalid', details: { field: 'f' } })
    })
  }
})
