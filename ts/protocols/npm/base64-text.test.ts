import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Base64Decoder } from './base64-text.ts'

function decodeInPieces(text: string, size: number): Buffer | undefined {
  const decoder = new Base64Decoder()
  const parts: Uint8Array[] = []
  for (let i = 0; i < text.length; i += size) {
    decoder.add(text.slice(i, i + size))
    const part = decoder.take()
    if (!part) return undefined
    parts.push(part)
  }
  const last = decoder.finish()
  return last && Buffer.concat([...parts, last])
}

test('any cut into pieces gives the same bytes', () => {
  for (let length = 0; length < 30; length++) {
    const bytes = randomBytes(length)
    for (let size = 1; size < 12; size++) {
      assert.deepEqual(decodeInPieces(bytes.toString('base64'), size), bytes, `${length} bytes in pieces of ${size}`)
    }
  }
})

const refused = [
  'A',
  'AA',
  'AAA',
  'A===',
  'AA=A',
  'AA==BBBB',
  'AAAA====',
  'AA A',
  'AA\nA',
  'AA-A',
  'AA_A',
  'AAé=',
  '====',
  '=',
]
for (const text of refused) {
  test(`${JSON.stringify(text)} is not base64, however it is cut`, () => {
    for (let size = 1; size <= text.length; size++) assert.equal(decodeInPieces(text, size), undefined)
  })
}
