import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasDotSegment } from './dot-segments.ts'

const resolved = ['/.', '/..', '/a/../b', '/a/./b', '/a/%2e%2E/b', '/a/.%2e', '/a/..?x', '/a\\..\\b', '/..#x', '/%2e/']
const plain = [
  '/',
  '/a',
  '/.well-known/x',
  '/a/...',
  '/a/..b/c',
  '/a/b..',
  '/a/%2e%2e%2f',
  '/a?b=/../c',
  '/a#/../b',
  '*',
]

test('a target has a dot segment when parsing it as a URL takes one away', () => {
  for (const target of resolved) assert.equal(hasDotSegment(target), true, target)
  for (const target of plain) assert.equal(hasDotSegment(target), false, target)
  const pathOf = (target: string) => new URL(`http://registry.example.com${target}`).pathname
  for (const target of resolved) assert.notEqual(pathOf(target), target.replace(/[?#].*/, ''), target)
  for (const target of plain.filter((each) => each !== '*')) {
    assert.equal(pathOf(target), target.replace(/[?#].*/, ''), target)
  }
})

test('a long target takes no time', () => {
  const startedAt = performance.now()
  for (const part of ['/', '/...', '/.a', '%2e']) assert.equal(hasDotSegment(`/${part.repeat(100_000)}x`), false)
  assert.ok(performance.now() - startedAt < 1000)
})
