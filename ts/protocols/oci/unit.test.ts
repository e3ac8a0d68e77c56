import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UnitDocument } from '../../metadata/package-schema.ts'
import { rules } from './rules.ts'
import { describeUnit, setupOf, usageOf } from './unit.ts'

const aUnit = (annotations: Record<string, string>) =>
  ({ metadata: { annotations }, publisherName: 'ada' }) as unknown as UnitDocument

describe('what is shown of an image', () => {
  test('its annotations say it', () => {
    const facts = describeUnit(
      aUnit({
        'org.opencontainers.image.title': 'wombat',
        'org.opencontainers.image.description': 'Digs holes.',
        'org.opencontainers.image.authors': 'Quokka',
        description: 'of no image',
      }),
    )
    assert.deepEqual(facts, { description: 'Digs holes.', keywords: ['wombat'], authors: ['Quokka', 'ada'] })
  })

  test('without them who pushed it is all that is known; a title is better than no description', () => {
    assert.deepEqual(describeUnit(aUnit({})), { description: '', keywords: [], authors: ['ada'] })
    assert.equal(describeUnit(aUnit({ 'org.opencontainers.image.title': 'wombat' })).description, 'wombat')
  })

  const version = `sha256:${'0'.repeat(64)}`
  test('it is pulled by its full name, which has no repository in the default one', () => {
    const base = 'https://registry.example.com:8443/oci/acme/'
    assert.equal(
      usageOf({ name: 'team/app', version, base: `${base}containers` }),
      `docker pull registry.example.com:8443/acme/containers/team/app@${version}`,
    )
    assert.equal(
      usageOf({ name: 'app', version: '1.0', base: `${base}oci` }),
      'docker pull registry.example.com:8443/acme/app:1.0',
    )
  })

  test('a token is used with docker login, whatever address it is for', () => {
    for (const base of ['https://registry.example.com', 'https://registry.example.com/oci/acme/containers']) {
      assert.equal(
        setupOf({ base, token: 'srg_x' }),
        'echo srg_x | docker login -u token --password-stdin registry.example.com',
      )
    }
  })

  test('a tag outside the grammar is refused for its field', () => {
    assert.equal(rules.checkTag('v1', 'tag'), 'v1')
    assert.throws(() => rules.checkTag('-v1', 'tags[0]'), { code: 'payload_invalid', details: { field: 'tags[0]' } })
  })
})
