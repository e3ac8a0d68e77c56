import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireAgreement } from './manifest.ts'

interface Case {
  name: string
  sent: object
  packed: object
  files?: { hasGypFile?: boolean; hasServerScript?: boolean }
}

function agree({ sent, packed, files }: Case): void {
  const identity = { name: '@acme/thing', version: '1.0.0' }
  const facts = { packageJson: { ...identity, ...packed }, hasGypFile: false, hasServerScript: false, ...files }
  requireAgreement({ ...identity, ...sent }, facts, 'versions["1.0.0"]')
}

describe('what honest clients change is no difference', () => {
  const table: Case[] = [
    { name: 'nothing', sent: {}, packed: {} },
    { name: 'a leading v of the version', sent: {}, packed: { version: 'v1.0.0' } },
    { name: 'build metadata, which npm drops', sent: {}, packed: { version: '1.0.0+build' } },
    { name: 'build metadata, which Yarn 4 keeps', sent: { version: '1.0.0+b' }, packed: { version: '1.0.0+b' } },
    { name: 'a loose version, which npm cleans', sent: { version: '1.0.0-beta' }, packed: { version: '1.0.0beta' } },
    {
      name: 'fields that clients add',
      sent: { _id: 'x', _nodeVersion: '26', gitHead: 'x', dist: {}, types: 'x' },
      packed: {},
    },
    { name: 'a bin string', sent: { bin: { thing: 'cli.js' } }, packed: { bin: './cli.js' } },
    {
      name: 'a bin string, named with its scope by Bun',
      sent: { bin: { '@acme/thing': 'cli.js' } },
      packed: { bin: './cli.js' },
    },
    { name: 'a bin list', sent: { bin: { 'a.js': 'x/a.js' } }, packed: { bin: ['x/a.js'] } },
    { name: 'a bin path', sent: { bin: { a: 'x.js' } }, packed: { bin: { 'b/a': '/./x.js', broken: 7 } } },
    { name: 'an empty bin', sent: {}, packed: { bin: {} } },
    {
      name: 'directories.bin, listed',
      sent: { bin: { a: 'bin/a', b: 'bin/x/b' } },
      packed: { directories: { bin: './bin/' } },
    },
    { name: 'directories.bin, not listed', sent: {}, packed: { directories: { bin: './bin' } } },
    {
      name: 'an install script for a gyp file',
      sent: { scripts: { install: 'node-gyp rebuild' } },
      packed: {},
      files: { hasGypFile: true },
    },
    {
      name: 'a start script for server.js',
      sent: { scripts: { start: 'node server.js' } },
      packed: {},
      files: { hasServerScript: true },
    },
    {
      name: 'the path of a script',
      sent: { scripts: { test: 'tap' } },
      packed: { scripts: { test: './node_modules/.bin/tap', x: 1 } },
    },
    {
      name: 'bundledDependencies',
      sent: { bundleDependencies: ['a'], dependencies: { a: '1' } },
      packed: { bundledDependencies: ['a'], dependencies: { a: '1' } },
    },
    {
      name: 'all dependencies bundled',
      sent: { bundleDependencies: ['a'], dependencies: { a: '1' } },
      packed: { bundleDependencies: true, dependencies: { a: '1' } },
    },
    { name: 'bundleDependencies: false', sent: { bundleDependencies: [] }, packed: { bundleDependencies: false } },
    {
      name: 'a bundled dependency added by npm',
      sent: { bundleDependencies: ['a'], dependencies: { a: '*' } },
      packed: { bundleDependencies: ['a'] },
    },
    {
      name: 'optional dependencies copied by npm 10',
      sent: { dependencies: { a: '1' }, optionalDependencies: { a: '1' } },
      packed: { optionalDependencies: { a: '1' } },
    },
    {
      name: 'duplicates removed by Yarn 1',
      sent: { dependencies: { a: '1' }, devDependencies: {} },
      packed: { dependencies: { a: '1' }, devDependencies: { a: '2' } },
    },
    {
      name: 'a range found elsewhere by Yarn 1',
      sent: { dependencies: { a: '2' } },
      packed: { dependencies: { a: '*' }, devDependencies: { a: '2' } },
    },
    {
      name: 'an empty range',
      sent: { dependencies: { a: '' }, peerDependencies: { b: '*' } },
      packed: { dependencies: { a: '*' }, peerDependencies: { b: '' } },
    },
    { name: 'a range that is no string', sent: {}, packed: { dependencies: { a: null } } },
    {
      name: 'a list of dependencies',
      sent: { dependencies: { a: '1', b: '>=2' } },
      packed: { dependencies: ['a@1', 'b>=2'] },
    },
    {
      name: 'peers said to be needed by pnpm',
      sent: { peerDependenciesMeta: { a: { optional: false } } },
      packed: { peerDependenciesMeta: { a: {} } },
    },
  ]
  for (const each of table) test(each.name, () => agree(each))

  const spellings = [
    'user/project#v1',
    'github:user/project#v1',
    'git+ssh://git@github.com/user/project.git#v1',
    'git+https://github.com/user/project.git#v1',
    'https://github.com/user/project#v1',
    'git://github.com/user/project.git#v1',
    'git@github.com:user/project.git#v1',
    'https://github.com/user/project/tree/v1',
  ]
  for (const range of spellings) {
    test(`${range} is github:user/project#v1`, () => {
      agree({
        name: range,
        sent: { dependencies: { a: 'github:user/project#v1' } },
        packed: { dependencies: { a: range } },
      })
    })
  }
})

describe('a lie is refused, naming the field', () => {
  const table: (Case & { field: string })[] = [
    { name: 'name', sent: {}, packed: { name: 'other' }, field: 'name' },
    { name: 'no name', sent: {}, packed: { name: undefined }, field: 'name' },
    { name: 'version', sent: {}, packed: { version: '1.0.1' }, field: 'version' },
    { name: 'no version', sent: {}, packed: { version: undefined }, field: 'version' },
    { name: 'a hidden dependency', sent: {}, packed: { dependencies: { evil: '1' } }, field: 'dependencies["evil"]' },
    { name: 'a dependency too many', sent: { dependencies: { a: '1' } }, packed: {}, field: 'dependencies["a"]' },
    {
      name: 'another range',
      sent: { dependencies: { a: '1' } },
      packed: { dependencies: { a: '2' } },
      field: 'dependencies["a"]',
    },
    {
      name: 'a dependency __proto__',
      sent: {},
      packed: { dependencies: JSON.parse('{"__proto__":"1"}') },
      field: 'dependencies["__proto__"]',
    },
    { name: 'optional', sent: {}, packed: { optionalDependencies: { a: '1' } }, field: 'optionalDependencies["a"]' },
    { name: 'dev', sent: { devDependencies: { a: '1' } }, packed: {}, field: 'devDependencies["a"]' },
    { name: 'peer', sent: {}, packed: { peerDependencies: { a: '1' } }, field: 'peerDependencies["a"]' },
    {
      name: 'optional peer',
      sent: { peerDependenciesMeta: { a: { optional: true } } },
      packed: {},
      field: 'peerDependenciesMeta["a"]',
    },
    {
      name: 'bundled',
      sent: {},
      packed: { dependencies: { a: '1' }, bundleDependencies: ['a'] },
      field: 'dependencies["a"]',
    },
    {
      name: 'bundled only',
      sent: { dependencies: { a: '1' } },
      packed: { dependencies: { a: '1' }, bundleDependencies: ['a'] },
      field: 'bundleDependencies["a"]',
    },
    { name: 'a hidden executable', sent: {}, packed: { bin: { npm: 'x' } }, field: 'bin["npm"]' },
    { name: 'another executable', sent: { bin: { a: 'x' } }, packed: { bin: { a: 'y' } }, field: 'bin["a"]' },
    {
      name: 'an executable outside directories.bin',
      sent: { bin: { a: 'lib/a' } },
      packed: { directories: { bin: 'bin' } },
      field: 'bin["a"]',
    },
    {
      name: 'an executable under another name',
      sent: { bin: { npm: 'bin/a' } },
      packed: { directories: { bin: 'bin' } },
      field: 'bin["npm"]',
    },
    { name: 'a hidden script', sent: {}, packed: { scripts: { postinstall: 'x' } }, field: 'scripts["postinstall"]' },
    {
      name: 'another script',
      sent: { scripts: { test: 'a' } },
      packed: { scripts: { test: 'b' } },
      field: 'scripts["test"]',
    },
    {
      name: 'an install script without a gyp file',
      sent: { scripts: { install: 'node-gyp rebuild' } },
      packed: {},
      field: 'scripts["install"]',
    },
    {
      name: 'another host',
      sent: { dependencies: { a: 'github:u/p' } },
      packed: { dependencies: { a: 'git+https://github.com.example.com/u/p.git' } },
      field: 'dependencies["a"]',
    },
    {
      name: 'another commit',
      sent: { dependencies: { a: 'github:u/p#1' } },
      packed: { dependencies: { a: 'github:u/p#2' } },
      field: 'dependencies["a"]',
    },
    { name: 'an executable outside', sent: { bin: { a: '../../x' } }, packed: { bin: { a: '../../x' } }, field: 'bin' },
    {
      name: 'an executable named outside',
      sent: { bin: { '../a': 'x' } },
      packed: { bin: { '../a': 'x' } },
      field: 'bin',
    },
  ]
  for (const each of table) {
    test(each.name, () => {
      const field = `versions["1.0.0"].${each.field}`
      assert.throws(() => agree(each), { code: 'payload_invalid', details: { field } })
    })
  }

  test('an executable outside in the tarball alone is refused too', () => {
    const each = { name: '', sent: { bin: { a: 'x' } }, packed: { bin: { a: '../x' } } }
    assert.throws(() => agree(each), { code: 'payload_invalid', message: /"\.\.\/x".*inside the package/ })
  })

  test('the message says both values', () => {
    const each = { name: '', sent: { dependencies: { a: '1' } }, packed: {} }
    assert.throws(() => agree(each), {
      message: /dependencies\["a"\] is "1", but absent in the tarball's package.json/,
    })
  })
})
