import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { rawClient } from '../../http/testing.ts'
import { uploads } from '../../metadata/image-schema.ts'
import { digestOf, type OciServer, openOciServer, type Row, requireAnswer, requireError, testRows } from './testing.ts'

const part = (location: string, query: string) => `${location}${location.includes('?') ? '&' : '?'}${query}`
const patch = (o: OciServer, path: string, body: string | Uint8Array, range?: string) =>
  o.send({ method: 'PATCH', path, body, headers: range === undefined ? {} : { 'content-range': range } })
const finish = (o: OciServer, path: string, content: string, body: string | Uint8Array = '', range?: string) =>
  o.send({
    method: 'PUT',
    path: part(path, `digest=${digestOf(content)}`),
    body,
    headers: range === undefined ? {} : { 'content-range': range },
  })

async function requireBlob(o: OciServer, image: string, content: string): Promise<void> {
  const answer = await o.send({ method: 'GET', path: `/v2/${image}/blobs/${digestOf(content)}` })
  requireAnswer(answer, 200)
  assert.equal(String(answer.body), content)
}

async function requireNoBlob(o: OciServer, image: string, content: string): Promise<void> {
  const answer = await o.send({ method: 'HEAD', path: `/v2/${image}/blobs/${digestOf(content)}` })
  requireAnswer(answer, 404)
}

const rows: readonly Row[] = [
  [
    'end-4a',
    'an upload begins with nothing, at a location without a host, with and without the slash',
    async (o) => {
      const image = o.anImage()
      for (const slash of ['', '/']) {
        const answer = await o.send({ method: 'POST', path: `/v2/${image}/blobs/uploads${slash}` })
        const id = answer.headers['docker-upload-uuid']
        requireAnswer(answer, 202, {
          location: `/v2/${image}/blobs/uploads/${id}`,
          range: '0-0',
          'content-length': '0',
        })
      }
    },
  ],
  [
    'end-4a',
    'a name outside the grammar is refused',
    async (o) => {
      const answer = await o.send({ method: 'POST', path: '/v2/acme/containers/UPPER/blobs/uploads/' })
      requireError(answer, 400, 'NAME_INVALID', /Write "upper"/)
    },
  ],
  [
    'end-4b',
    'a blob in one request',
    async (o) => {
      const image = o.anImage()
      for (const content of ['one', '']) {
        const digest = digestOf(content)
        const path = `/v2/${image}/blobs/uploads/?digest=${digest}`
        requireAnswer(await o.send({ method: 'POST', path, body: content }), 201, {
          location: `/v2/${image}/blobs/${digest}`,
          'docker-content-digest': digest,
        })
        await requireBlob(o, image, content)
      }
    },
  ],
  [
    'end-4b',
    'a wrong digest is refused, and nothing is left',
    async (o) => {
      const image = o.anImage()
      const path = `/v2/${image}/blobs/uploads/?digest=${digestOf('another')}`
      requireError(await o.send({ method: 'POST', path, body: 'one of these' }), 400, 'DIGEST_INVALID', /./)
      for (const content of ['another', 'one of these']) await requireNoBlob(o, image, content)
    },
  ],
  [
    'end-4b',
    'bytes of no digest are refused, since nobody keeps them',
    async (o) => {
      for (const path of ['uploads/', 'uploads', `uploads/?mount=${digestOf('x')}`]) {
        const answer = await o.send({ method: 'POST', path: `/v2/${o.anImage()}/blobs/${path}`, body: 'bytes' })
        requireError(answer, 400, 'BLOB_UPLOAD_INVALID', /brings bytes and does not say of what/)
      }
    },
  ],
  [
    'end-4b',
    'a digest that is none is refused',
    async (o) => {
      const path = `/v2/${o.anImage()}/blobs/uploads/?digest=`
      requireError(
        await o.send({ method: 'POST', path: `${path}md5:0`, body: 'x' }),
        400,
        'DIGEST_INVALID',
        /"md5" is not/,
      )
      requireError(
        await o.send({ method: 'POST', path: `${path}sha256:0`, body: 'x' }),
        400,
        'DIGEST_INVALID',
        /malformed/,
      )
    },
  ],
  [
    'end-4c',
    'who says sha512 at the beginning may name it at the end',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image, '?digest-algorithm=sha512')
      await patch(o, location, 'long ')
      const digest = digestOf('long digest', 'sha512')
      const answer = await o.send({ method: 'PUT', path: part(location, `digest=${digest}`), body: 'digest' })
      requireAnswer(answer, 201, { 'docker-content-digest': digest, location: `/v2/${image}/blobs/${digest}` })
      const got = await o.send({ method: 'GET', path: `/v2/${image}/blobs/${digest}` })
      assert.equal(String(got.body), 'long digest')
    },
  ],
  [
    'end-4c',
    'an algorithm that is not known is refused',
    async (o) => {
      const path = `/v2/${o.anImage()}/blobs/uploads/?digest-algorithm=md5`
      requireError(
        await o.send({ method: 'POST', path }),
        400,
        'DIGEST_INVALID',
        /"md5" is not supported here. Use sha256 or sha512/,
      )
    },
  ],
  [
    'end-5',
    'chunks in order, their places told with and without a unit, then the digest',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      requireAnswer(await patch(o, location, 'one ', '0-3'), 202, { range: '0-3', location: /^\/v2\// })
      requireAnswer(await patch(o, location, 'two ', 'bytes 4-7/11'), 202, { range: '0-7' })
      requireAnswer(await finish(o, location, 'one two end', 'end', '8-10'), 201)
      await requireBlob(o, image, 'one two end')
    },
  ],
  [
    'end-5',
    'a chunk of unknown length, as docker sends a layer, then an empty end',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      const headers = { 'transfer-encoding': 'chunked' }
      const answer = await o.send({ method: 'PATCH', path: location, headers, body: 'streamed' })
      requireAnswer(answer, 202, { range: '0-7' })
      requireAnswer(await finish(o, location, 'streamed'), 201)
      await requireBlob(o, image, 'streamed')
    },
  ],
  [
    'end-5',
    'a chunk too early, too late or twice is 416, and nothing changes',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      requireError(await patch(o, location, 'late', '4-7'), 416, 'BLOB_UPLOAD_INVALID', /./)
      await patch(o, location, 'four', '0-3')
      for (const range of ['0-3', '2-5', '5-8']) {
        const answer = await patch(o, location, 'four', range)
        requireError(answer, 416, 'BLOB_UPLOAD_INVALID', /./)
        requireAnswer(answer, 416, { range: '0-3', location, 'content-range': undefined })
        requireAnswer(await o.send({ method: 'GET', path: location }), 204, { range: '0-3' })
      }
      const end = await finish(o, location, 'four', 'four', '1-4')
      requireError(end, 416, 'BLOB_UPLOAD_INVALID', /./)
      requireAnswer(end, 416, { range: '0-3', location })
      requireAnswer(await finish(o, location, 'four'), 201)
    },
  ],
  [
    'end-5',
    'a chunk that is not as long as it says is refused, and nothing changes',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      for (const range of ['0-9', '0-1']) {
        const { status } = await patch(o, location, 'four', range)
        assert.ok(status === 416 || status === 400, String(status))
      }
      requireAnswer(await o.send({ method: 'GET', path: location }), 204, { range: '0-0' })
    },
  ],
  [
    'end-5',
    'a place that is none is 400',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      for (const range of ['abc', '4-2', '-4', '0-', '0-1, 2-3']) {
        requireError(
          await patch(o, location, 'four', range),
          400,
          'BLOB_UPLOAD_INVALID',
          /expected the first and the last byte/,
        )
      }
    },
  ],
  [
    'end-6',
    'the whole blob with the end',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      const answer = await finish(o, location, 'at the end', 'at the end')
      requireAnswer(answer, 201, { 'docker-content-digest': digestOf('at the end') })
      requireAnswer(await o.send({ method: 'GET', path: answer.headers.location ?? '' }), 200)
    },
  ],
  [
    'end-6',
    'an empty blob',
    async (o) => {
      const image = o.anImage()
      requireAnswer(await finish(o, await o.startUpload(image), ''), 201)
      await requireBlob(o, image, '')
    },
  ],
  [
    'end-6',
    'a wrong digest is refused and ends the upload; nothing is left of it',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      await patch(o, location, 'content')
      const wrong = /not the announced sha256:\w+\. The upload is over; begin a new one\.$/
      requireError(await finish(o, location, 'other content'), 400, 'DIGEST_INVALID', wrong)
      const whole = await finish(o, await o.startUpload(image), 'other content', 'content')
      requireError(whole, 400, 'DIGEST_INVALID', wrong)
      requireError(await o.send({ method: 'GET', path: location }), 404, 'BLOB_UPLOAD_UNKNOWN', /./)
      for (const content of ['content', 'other content']) await requireNoBlob(o, image, content)
    },
  ],
  [
    'end-6',
    'no digest, or one that is none, is 400, and the upload can go on',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      await patch(o, location, 'content')
      requireError(await o.send({ method: 'PUT', path: location }), 400, 'DIGEST_INVALID', /ends with a digest/)
      const none = await o.send({ method: 'PUT', path: part(location, 'digest=sha256:xyz') })
      requireError(none, 400, 'DIGEST_INVALID', /malformed/)
      const unknown = await o.send({ method: 'PUT', path: part(location, `digest=md5:${'0'.repeat(32)}`) })
      requireError(unknown, 400, 'DIGEST_INVALID', /"md5" is not supported/)
      requireAnswer(await finish(o, location, 'content'), 201)
    },
  ],
  [
    'end-6',
    'an upload that is complete cannot go on',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      await finish(o, location, 'done', 'done')
      const again = [
        await patch(o, location, 'more'),
        await finish(o, location, 'done'),
        await o.send({ method: 'GET', path: location }),
        await o.send({ method: 'DELETE', path: location }),
      ]
      for (const answer of again) requireError(answer, 404, 'BLOB_UPLOAD_UNKNOWN', /./)
    },
  ],
  [
    'end-13',
    'how far an upload is',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      requireAnswer(await o.send({ method: 'GET', path: location }), 204, { range: '0-0', location })
      await patch(o, location, 'x')
      requireAnswer(await o.send({ method: 'GET', path: location }), 204, { range: '0-0', location })
      await patch(o, location, '123456789')
      requireAnswer(await o.send({ method: 'GET', path: location }), 204, { range: '0-9', location })
    },
  ],
  [
    'end-14',
    'an upload that is cancelled is gone',
    async (o) => {
      const location = await o.startUpload(o.anImage())
      await patch(o, location, 'content')
      requireAnswer(await o.send({ method: 'DELETE', path: location }), 204)
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        requireError(await o.send({ method, path: location }), 404, 'BLOB_UPLOAD_UNKNOWN', /./)
      }
    },
  ],
  [
    'uploads',
    'an upload of another image, or of somebody else, does not exist',
    async (o) => {
      const [image, other] = [o.anImage(), o.anImage()]
      const location = await o.startUpload(image)
      const id = location.split('/').at(-1)
      const tries = [
        { path: `/v2/${other}/blobs/uploads/${id}` },
        { path: location, as: o.otherToken },
        { path: `/v2/${image}/blobs/uploads/nothing` },
        { path: `/v2/${image}/blobs/uploads/..%2f..%2fx` },
      ]
      for (const sent of tries) {
        for (const method of ['GET', 'PATCH', 'DELETE']) {
          requireError(await o.send({ method, ...sent }), 404, 'BLOB_UPLOAD_UNKNOWN', /./)
        }
        const put = await o.send({ method: 'PUT', ...sent, path: part(sent.path, `digest=${digestOf('')}`) })
        requireError(put, 404, 'BLOB_UPLOAD_UNKNOWN', /./)
      }
      requireAnswer(await o.send({ method: 'GET', path: location }), 204)
    },
  ],
  [
    'end-11',
    'a blob is mounted from another image, named or not',
    async (o) => {
      const from = o.anImage()
      const { digest } = await o.pushBlob(from, `mounted from ${from}`)
      for (const query of [`mount=${digest}&from=${from}`, `mount=${digest}`]) {
        const image = o.anImage()
        const answer = await o.send({ method: 'POST', path: `/v2/${image}/blobs/uploads/?${query}` })
        requireAnswer(answer, 201, { location: `/v2/${image}/blobs/${digest}`, 'docker-content-digest': digest })
        requireAnswer(await o.send({ method: 'HEAD', path: `/v2/${image}/blobs/${digest}` }), 200)
      }
    },
  ],
  [
    'end-11',
    'a blob that is nowhere, or in no image of that name, becomes an upload',
    async (o) => {
      const [image, from] = [o.anImage(), o.anImage()]
      const { digest } = await o.pushBlob(o.anImage(), 'in a third image')
      const froms = [from, 'acme/nothing/here', 'nobody/at/all', 'UPPER/Case', '']
      for (const name of froms) {
        const path = `/v2/${image}/blobs/uploads/?mount=${digest}&from=${name}`
        requireAnswer(await o.send({ method: 'POST', path }), 202, { range: '0-0' })
      }
      const unknown = `/v2/${image}/blobs/uploads/?mount=${digestOf('nowhere')}`
      requireAnswer(await o.send({ method: 'POST', path: unknown }), 202)
      requireAnswer(await o.send({ method: 'HEAD', path: `/v2/${image}/blobs/${digest}` }), 404)
    },
  ],
  [
    'end-11',
    'a digest that is none is 400',
    async (o) => {
      const path = `/v2/${o.anImage()}/blobs/uploads/?mount=sha256:xyz&from=${o.anImage()}`
      const answer = await o.send({ method: 'POST', path })
      requireError(answer, 400, 'DIGEST_INVALID', /malformed/)
      assert.deepEqual(JSON.parse(String(answer.body)).errors[0].detail, { field: 'mount' })
    },
  ],
  [
    'uploads',
    'who may not push is refused before the body has come, and the connection serves on',
    async (o) => {
      const path = `/v2/${o.anImage('open')}/blobs/uploads/?digest=${digestOf('x')}`
      using raw = rawClient(
        o.port,
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(1000)}`,
      )
      await raw.until(/HTTP\/1\.1 401 .*"UNAUTHORIZED"/s)
      raw.socket.write('x'.repeat(999_000))
      raw.socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n')
      const text = await raw.until(/HTTP\/1\.1 401 .*HTTP\/1\.1 401 /s)
      assert.match(text, /www-authenticate: Bearer /i)
    },
  ],
  [
    'uploads',
    'a client that waits for leave to send is given it',
    async (o) => {
      const image = o.anImage()
      const path = `/v2/${image}/blobs/uploads/?digest=${digestOf('waited')}`
      const headers = `authorization: Bearer ${o.token}\r\nexpect: 100-continue\r\ncontent-length: 6\r\n`
      using raw = rawClient(o.port, `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`)
      await raw.until(/HTTP\/1\.1 100 Continue\r\n\r\n/)
      raw.socket.write('waited')
      await raw.until(/HTTP\/1\.1 201 Created/)
      await requireBlob(o, image, 'waited')
    },
  ],
  [
    'uploads',
    'a connection that breaks in the middle of a layer leaves an upload that goes on from what came',
    async (o) => {
      const image = o.anImage()
      const content = 'l'.repeat(3_000_000)
      const location = await o.startUpload(image)
      const headers = `authorization: Bearer ${o.token}\r\ncontent-length: ${content.length}\r\n`
      using raw = rawClient(
        o.port,
        `PATCH ${location} HTTP/1.1\r\nhost: x\r\n${headers}\r\n${content.slice(0, 1_000_000)}`,
      )
      await begun(o, location)
      raw.socket.end()
      const received = await uploadedBytes(o, location)
      assert.ok(received > 1 && received < content.length, String(received))
      const rest = content.slice(received)
      requireAnswer(await patch(o, location, rest, `${received}-${content.length - 1}`), 202, {
        range: `0-${content.length - 1}`,
      })
      requireAnswer(await finish(o, location, content), 201)
      await requireBlob(o, image, content)
    },
  ],
  [
    'uploads',
    'two chunks at once never mix: one is refused',
    async (o) => {
      const image = o.anImage()
      const location = await o.startUpload(image)
      const [a, b] = ['a'.repeat(500_000), 'b'.repeat(500_000)]
      const answers = await Promise.all([a, b].map((body) => patch(o, location, body, `0-${body.length - 1}`)))
      const statuses = answers.map(({ status }) => status).toSorted()
      assert.equal(statuses[0], 202)
      assert.ok([409, 416].includes(statuses[1] ?? 0), String(statuses))
      const content = answers[0]?.status === 202 ? a : b
      requireAnswer(await finish(o, location, content), 201)
      await requireBlob(o, image, content)
    },
  ],
]

/** Resolves when a request adds to the upload. */
async function begun(o: OciServer, location: string): Promise<void> {
  const id = location.split('/').at(-1) ?? ''
  while (!(await o.t.engine.collection(uploads).get(id))?.value.lease) await nextTurn()
}

/** How many bytes are there once the server has noticed that its client is gone. */
async function uploadedBytes(o: OciServer, location: string): Promise<number> {
  for (let status = 409; status === 409; ) status = (await patch(o, location, '')).status
  const { headers } = await o.send({ method: 'GET', path: location })
  return Number(headers.range?.split('-')[1]) + 1
}

testRows('uploads by the specification', rows)

test('a blob larger than the limit is refused, however it comes', async () => {
  await using o = await openOciServer({ maxBlobBytes: 1000 })
  const image = o.anImage()
  const content = 'x'.repeat(1001)
  const whole = { method: 'POST', path: `/v2/${image}/blobs/uploads/?digest=${digestOf(content)}`, body: content }
  requireError(await o.send(whole), 413, 'SIZE_INVALID', /larger than 1000 bytes; MAX_BLOB_BYTES raises the limit/)
  const location = await o.startUpload(image)
  await patch(o, location, content.slice(0, 600))
  const rest = content.slice(600)
  for (const answer of [await patch(o, location, rest), await patch(o, location, rest, '600-1000')]) {
    requireError(answer, 413, 'SIZE_INVALID', /larger than 1000 bytes; MAX_BLOB_BYTES raises the limit\.$/)
  }
  await requireNoBlob(o, image, content)
})
