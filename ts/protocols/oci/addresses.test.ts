import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayMean, type NamedImage, pathOf, protocol, readingsOf } from './addresses.ts'

const main = 'main'
const words = ['oci', 'main', 'acme', 'a', 'blobs', 'oci-2']

/** Every list of the words that has at most so many. */
function listsOf(most: number): string[][] {
  if (most === 0) return [[]]
  const shorter = listsOf(most - 1)
  const longer = shorter.flatMap((list) => (list.length === most - 1 ? words.map((word) => [...list, word]) : []))
  return [...shorter, ...longer]
}

const named = (address: { organization: string; repository?: string; image: string }): NamedImage => ({
  repository: protocol,
  ...address,
})

/** What the name means where there is such a repository, and where not. */
function meanings(name: string): NamedImage[] {
  const { inDefault, inRepository } = readingsOf(name, main)
  return [inDefault, inRepository].flatMap((address) => (address ? [named(address)] : []))
}

const essence = ({ organization, repository, image }: NamedImage) => ({ organization, repository, image })

test('the path of every image leads back to it, and there is one', () => {
  const images = listsOf(3).filter((list) => list.length > 0)
  for (const organization of words) {
    for (const repository of words) {
      for (const parts of images) {
        const image = { organization, repository, image: parts.join('/') }
        const path = pathOf(image)
        const { inDefault, inRepository } = readingsOf(path, main)
        const found = repository === protocol ? inDefault : inRepository
        assert.deepEqual(found && essence(named(found)), image, path)
      }
    }
  }
})

test('whatever name an image is asked for by, its path means the same', () => {
  for (const parts of listsOf(5)) {
    if (parts.length === 0) continue
    for (const image of meanings(parts.join('/'))) {
      const path = pathOf(image)
      assert.ok(
        meanings(path).some((other) => pathOf(other) === path),
        path,
      )
      for (const name of [path, parts.join('/')]) assert.ok(mayMean(name, image, main), `${name} is ${path}`)
    }
  }
})

test('two images never have one path, where no repository is called like the beginning of an image', () => {
  const seen = new Map<string, string>()
  const repositories = ['oci', 'acme']
  for (const repository of repositories) {
    for (const parts of listsOf(3)) {
      if (parts.length === 0 || (repository === protocol && parts[0] === 'acme')) continue
      const image = { organization: 'a', repository, image: parts.join('/') }
      const path = pathOf(image)
      assert.equal(seen.get(path), undefined, `${path} is ${seen.get(path)} and ${JSON.stringify(image)}`)
      seen.set(path, JSON.stringify(image))
    }
  }
})

test('a name means no other image', () => {
  const image = { organization: 'acme', repository: 'tools', image: 'app' }
  assert.ok(mayMean('acme/tools/app', image, main))
  for (const name of ['acme/app', 'acme/oci/app', 'tools/app', 'app', 'acme/oci/tools/app']) {
    assert.equal(mayMean(name, image, main), false, name)
  }
  assert.ok(mayMean('app', { organization: main, repository: protocol, image: 'app' }, main))
})

test('a name of one component is as long as it may be with the organization that it is short for', () => {
  const { inDefault } = readingsOf('x'.repeat(250), main)
  assert.equal(pathOf(named(inDefault)).length, 255)
  assert.throws(() => readingsOf('x'.repeat(251), main), { code: 'name_invalid', message: /256 characters/ })
})
