import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, withArticle } from './wording.ts'

test('one is one, and all else are many', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, 'second')),
    ['0 seconds', '1 second', '2 seconds'],
  )
})

test('an article follows how a word is said', () => {
  const nouns = ['npm repository', 'oci repository', 'pypi repository', 'user', 'organization']
  assert.deepEqual(nouns.map(withArticle), [
    'an npm repository',
    'an oci repository',
    'a pypi repository',
    'a user',
    'an organization',
  ])
})
