import assert from 'node:assert/strict'
import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { generateSigningKey, keysAnswer, signingKey } from './signatures.ts'

test('a signature verifies as npm verifies it, from the answer of /-/npm/v1/keys alone', () => {
  const key = signingKey(generateSigningKey())
  const signature = key.sign('@acme/thing', '1.0.0', 'sha512-abc==')
  const served = keysAnswer([key.publicKey]).keys.find(({ keyid }) => keyid === signature.keyid)
  assert.ok(served)
  const pem = `-----BEGIN PUBLIC KEY-----\n${served.key}\n-----END PUBLIC KEY-----`
  const verifies = (message: string) =>
    createVerify('SHA256').update(message).end().verify(pem, signature.sig, 'base64')
  assert.equal(verifies('@acme/thing@1.0.0:sha512-abc=='), true)
  assert.equal(verifies('@acme/thing@1.0.1:sha512-abc=='), false)
})

test('the key id is the unpadded hash of the public key', () => {
  const { publicKey } = signingKey(generateSigningKey())
  const hash = createHash('sha256').update(Buffer.from(publicKey.key, 'base64')).digest('base64')
  assert.equal(publicKey.keyid, `SHA256:${hash.slice(0, 43)}`)
  assert.equal(publicKey.expires, null)
})

test('the same key has the same id after it was stored', () => {
  const pem = generateSigningKey()
  assert.equal(signingKey(pem).keyid, signingKey(pem).keyid)
})

test('a key of another kind is refused', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  assert.throws(() => signingKey(privateKey), /no P-256 key/)
})
