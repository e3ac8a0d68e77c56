import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId } from '../../ids.ts'
import { stageIdOf, stageUuid } from './stage-id.ts'

describe('a stage’s id and its UUID', () => {
  for (const id of [newId('stg'), newId('stg'), `stg_${'0'.repeat(25)}`, `stg_${'z'.repeat(25)}`]) {
    test(`${id} comes back`, () => {
      const uuid = stageUuid(id)
      // As npm 12 checks it.
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
      assert.equal(stageIdOf(uuid), id)
      assert.equal(stageIdOf(uuid.toUpperCase()), id)
    })
  }

  for (const uuid of ['', 'stg_1', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '0-0-0-0-0', `${'0'.repeat(32)}`]) {
    test(`"${uuid}" stands for none`, () => {
      assert.equal(stageIdOf(uuid), undefined)
    })
  }
})
