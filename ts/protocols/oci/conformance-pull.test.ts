import assert from 'node:assert/strict'
import {
  digestOf,
  dockerImage,
  ociImage,
  ociIndex,
  type Row,
  requireAnswer,
  requireError,
  testRows,
} from './testing.ts'

const never = digestOf('never pushed')

const rows: readonly Row[] = [
  [
    'end-1',
    '/v2/ and /v2 answer 200 to who is signed in',
    async (o) => {
      for (const path of ['/v2/', '/v2']) {
        const answer = await o.send({ method: 'GET', path })
        requireAnswer(answer, 200, { 'content-type': 'application/json' })
        assert.equal(String(answer.body), '{}')
      }
    },
  ],
  [
    'end-1',
    'without credentials it is a challenge that says where the token service is',
    async (o) => {
      const answer = await o.send({ method: 'GET', path: '/v2/', as: null })
      requireError(answer, 401, 'UNAUTHORIZED', /docker login/)
      const realm = `realm="http://127.0.0.1:${o.port}/v2/token"`
      assert.equal(answer.headers['www-authenticate'], `Bearer ${realm},service="stowage"`)
      const head = await o.send({ method: 'HEAD', path: '/v2/', as: null })
      requireAnswer(head, 401, { 'www-authenticate': /^Bearer / })
      assert.equal(head.body.length, 0)
    },
  ],
  [
    'end-1',
    'credentials that are none are never anonymous',
    async (o) => {
      const answer = await o.send({ method: 'GET', path: '/v2/', as: 'srg_nothing' })
      requireError(answer, 401, 'UNAUTHORIZED', /./)
    },
  ],
  [
    'end-2',
    'a blob is its bytes, by GET, and its headers alone by HEAD',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, 'a blob')
      const path = `/v2/${image}/blobs/${digest}`
      const headers = {
        'content-length': '6',
        'docker-content-digest': digest,
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        'content-encoding': undefined,
        etag: `"${digest}"`,
      }
      const got = await o.send({ method: 'GET', path, headers: { 'accept-encoding': 'gzip, br' } })
      requireAnswer(got, 200, headers)
      assert.equal(String(got.body), 'a blob')
      const head = await o.send({ method: 'HEAD', path })
      requireAnswer(head, 200, headers)
      assert.equal(head.body.length, 0)
    },
  ],
  [
    'end-2',
    'ranges: a part, an open end, the last bytes, more than there is',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, '0123456789')
      const path = `/v2/${image}/blobs/${digest}`
      const cases = [
        ['bytes=2-4', '234', 'bytes 2-4/10'],
        ['bytes=7-', '789', 'bytes 7-9/10'],
        ['bytes=-2', '89', 'bytes 8-9/10'],
        ['bytes=8-99', '89', 'bytes 8-9/10'],
      ] as const
      for (const [range, body, contentRange] of cases) {
        const answer = await o.send({ method: 'GET', path, headers: { range } })
        requireAnswer(answer, 206, { 'content-range': contentRange, 'content-length': String(body.length) })
        assert.equal(String(answer.body), body)
      }
      const beyond = await o.send({ method: 'GET', path, headers: { range: 'bytes=10-' } })
      requireError(beyond, 416, 'SIZE_INVALID', /outside of the 10 bytes/)
      assert.equal(beyond.headers['content-range'], 'bytes */10')
    },
  ],
  [
    'end-2',
    'a range of an empty blob is 416, the whole of it nothing',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, '')
      const path = `/v2/${image}/blobs/${digest}`
      requireAnswer(await o.send({ method: 'GET', path }), 200, { 'content-length': '0' })
      const range = await o.send({ method: 'GET', path, headers: { range: 'bytes=0-0' } })
      requireError(range, 416, 'SIZE_INVALID', /outside of the 0 bytes/)
    },
  ],
  [
    'end-2',
    'who has the bytes is answered 304, from memory as well',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, 'kept')
      const path = `/v2/${image}/blobs/${digest}`
      for (const headers of [{ 'if-none-match': `"${digest}"` }, {}, { 'if-none-match': `"${digest}"` }]) {
        const answer = await o.send({ method: 'GET', path, headers })
        requireAnswer(answer, 'if-none-match' in headers ? 304 : 200, { 'docker-content-digest': digest })
      }
    },
  ],
  [
    'end-2',
    'a blob of sha512 goes by its name',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, 'long', 'sha512')
      const path = `/v2/${image}/blobs/${digest}`
      requireAnswer(await o.send({ method: 'GET', path }), 200, { 'docker-content-digest': digest })
      const otherName = await o.send({ method: 'GET', path: `/v2/${image}/blobs/${digestOf('long')}` })
      requireError(otherName, 404, 'BLOB_UNKNOWN', /has no blob/)
    },
  ],
  [
    'end-2',
    'an unknown blob is 404, one of another image too',
    async (o) => {
      const [image, other] = [o.anImage(), o.anImage()]
      const { digest } = await o.pushBlob(other, 'of another image')
      await o.pushBlob(image, 'of this image')
      for (const wanted of [never, digest]) {
        const path = `/v2/${image}/blobs/${wanted}`
        requireError(await o.send({ method: 'GET', path }), 404, 'BLOB_UNKNOWN', /has no blob sha256:/)
        const head = await o.send({ method: 'HEAD', path })
        requireAnswer(head, 404)
        assert.equal(head.body.length, 0)
      }
    },
  ],
  [
    'end-2',
    'a digest that is none is 400: of another algorithm, in capitals, too short',
    async (o) => {
      const image = o.anImage()
      await o.pushBlob(image, 'x')
      const cases = [
        [`md5:${'0'.repeat(32)}`, /"md5" is not supported here. Use sha256 or sha512/],
        [`sha256:${'A'.repeat(64)}`, /upper-case digits/],
        ['sha256:abc', /64 lower-case hexadecimal digits/],
        ['latest', /is no digest/],
      ] as const
      for (const [digest, message] of cases) {
        const answer = await o.send({ method: 'GET', path: `/v2/${image}/blobs/${digest}` })
        requireError(answer, 400, 'DIGEST_INVALID', message)
      }
    },
  ],
  [
    'end-3',
    'a manifest is its bytes by tag and digest, GET and HEAD alike, whatever is accepted',
    async (o) => {
      const image = o.anImage()
      const { digest, size } = await o.pushImage(image, 'v1', {
        annotations: { unknown: 'kept' },
        more: [1, { a: null }],
      })
      for (const reference of ['v1', digest]) {
        const path = `/v2/${image}/manifests/${reference}`
        const headers = {
          'content-type': ociImage,
          'content-length': String(size),
          'docker-content-digest': digest,
          'content-encoding': undefined,
          etag: `"${digest}"`,
        }
        for (const accept of [`${ociIndex}, ${dockerImage}`, 'application/json', '*/*']) {
          const got = await o.send({ method: 'GET', path, headers: { accept, 'accept-encoding': 'gzip' } })
          requireAnswer(got, 200, headers)
          assert.equal(digestOf(got.body), digest)
        }
        const head = await o.send({ method: 'HEAD', path })
        requireAnswer(head, 200, headers)
        assert.equal(head.body.length, 0)
      }
    },
  ],
  [
    'end-3',
    'a mirror that says which registry it stands for is answered all the same',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image, 'v1')
      requireAnswer(await o.send({ method: 'GET', path: `/v2/${image}/manifests/v1?ns=registry.example.com` }), 200)
    },
  ],
  [
    'end-3',
    'who has the manifest is answered 304, from memory as well, and 200 again when the tag has moved',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image, 'v1')
      const path = `/v2/${image}/manifests/v1`
      const headers = { 'if-none-match': `"${digest}"` }
      for (const [sent, status] of [
        [headers, 304],
        [{}, 200],
        [headers, 304],
      ] as const) {
        requireAnswer(await o.send({ method: 'GET', path, headers: sent }), status, { 'docker-content-digest': digest })
      }
      const moved = await o.pushImage(image, 'v1', { annotations: { moved: 'yes' } })
      for (const method of ['GET', 'HEAD']) {
        requireAnswer(await o.send({ method, path, headers }), 200, { 'docker-content-digest': moved.digest })
      }
    },
  ],
  [
    'end-3',
    'an unknown tag, digest or image is 404; HEAD without a body',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image, 'v1')
      for (const reference of ['v2', never, '.hidden', 'x'.repeat(129)]) {
        const path = `/v2/${image}/manifests/${reference}`
        requireError(await o.send({ method: 'GET', path }), 404, 'MANIFEST_UNKNOWN', /There is no manifest/)
        assert.equal((await o.send({ method: 'HEAD', path })).body.length, 0)
      }
      const nowhere = await o.send({ method: 'GET', path: `/v2/${o.anImage()}/manifests/v1` })
      requireError(nowhere, 404, 'NAME_UNKNOWN', /There is no image/)
    },
  ],
  [
    'end-3',
    'a manifest of another image of the repository is 404',
    async (o) => {
      const [image, other] = [o.anImage(), o.anImage()]
      const { digest } = await o.pushImage(image, 'v1')
      await o.pushImage(other, 'v1')
      const answer = await o.send({ method: 'GET', path: `/v2/${other}/manifests/${digest}` })
      requireError(answer, 404, 'MANIFEST_UNKNOWN', /There is no manifest/)
    },
  ],
  [
    'end-3',
    'a malformed digest is 400',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image, 'v1')
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/manifests/sha256:xyz` })
      requireError(answer, 400, 'DIGEST_INVALID', /malformed/)
    },
  ],
  [
    'end-3',
    'a name outside the grammar is 400, saying why',
    async (o) => {
      const cases = [
        ['acme/containers/Upper', /Write "upper" instead of "Upper"/],
        ['acme/containers/a..b', /"a\.\.b" is not made of/],
        ['acme//b', /empty part/],
        [`acme/${'a'.repeat(256)}`, /has at most 255/],
        ['acme/a%20b', /not made of/],
      ] as const
      for (const [name, message] of cases) {
        const answer = await o.send({ method: 'GET', path: `/v2/${name}/manifests/v1` })
        requireError(answer, 400, 'NAME_INVALID', message)
      }
    },
  ],
  [
    'end-3',
    "the words of the protocol may be an image's name",
    async (o) => {
      for (const name of ['blobs', 'manifests', 'uploads', 'tags/list', 'blobs/uploads', 'referrers', 'manifests/v1']) {
        const image = `acme/containers/${name}`
        const { digest } = await o.pushImage(image, 'v1')
        const answer = await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/v1` })
        requireAnswer(answer, 200, { 'docker-content-digest': digest })
        const list = await o.send({ method: 'GET', path: `/v2/${image}/tags/list` })
        assert.deepEqual(JSON.parse(String(list.body)), { name: image, tags: ['v1'] })
      }
    },
  ],
  [
    'end-3',
    'pulls of manifests are counted by tag and digest, from memory as well; looks are not',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image, 'v1')
      const path = `/v2/${image}/manifests/`
      const { hits } = o.hot.counts
      for (let i = 0; i < 3; i++) await o.send({ method: 'GET', path: `${path}v1` })
      await o.send({ method: 'GET', path: path + digest })
      for (let i = 0; i < 2; i++) await o.send({ method: 'HEAD', path: `${path}v1` })
      // What the push leaves to be tidied up is written meanwhile.
      assert.ok(o.hot.counts.hits > hits, 'answered from memory')
      await o.send({ method: 'GET', path: `${path}v1`, headers: { 'if-none-match': `"${digest}"` } })
      const { images } = o.t.registry
      const { items } = await images.list({ protocol: 'oci', after: image.slice(0, -1), limit: 1000 })
      const pkg = items.find(({ value }) => value.path === image)
      assert.ok(pkg)
      await images.pulls.flush()
      const counted = await images.pulls.of(pkg.id, ['v1', digest])
      assert.deepEqual([counted.get('v1')?.pulls, counted.get(digest)?.pulls], [3, 4])
    },
  ],
  [
    'anonymous',
    'a public image is pulled without credentials, a private one is a challenge whether it exists or not',
    async (o) => {
      const [open, closed] = [o.anImage('open'), o.anImage()]
      await o.pushImage(open, 'v1')
      await o.pushImage(closed, 'v1')
      const get = (image: string) => o.send({ method: 'GET', path: `/v2/${image}/manifests/v1`, as: null })
      requireAnswer(await get(open), 200)
      for (const image of [closed, o.anImage()]) {
        const answer = await get(image)
        requireError(answer, 401, 'UNAUTHORIZED', /Sign in/)
        assert.match(answer.headers['www-authenticate'] ?? '', new RegExp(`scope="repository:${image}:pull"`))
      }
    },
  ],
  [
    'other',
    'what older clients and extensions ask for first is 404',
    async (o) => {
      const paths = [
        '/v1/_ping',
        '/v1/search?q=x',
        '/v2/_oci/ext/discover',
        '/v2/acme/containers/x/signatures/sha256:a',
        '/v2/x',
      ]
      for (const path of paths) {
        for (const as of [o.token, null]) {
          requireError(await o.send({ method: 'GET', path, as }), 404, 'UNSUPPORTED', /There is nothing at/)
        }
      }
    },
  ],
  [
    'other',
    'a method that a path does not take is 405, with those that it takes',
    async (o) => {
      const answer = await o.send({ method: 'POST', path: '/v2/acme/containers/x/manifests/v1' })
      requireError(answer, 405, 'UNSUPPORTED', /it takes GET, HEAD, PUT, DELETE/)
      assert.equal(answer.headers.allow, 'GET, HEAD, PUT, DELETE')
      const image = '/v2/acme/containers/x'
      const paths = ['/v2/', '/v2/token', '/v2/_catalog', `${image}/tags/list`, `${image}/blobs/${digestOf('x')}`]
      for (const path of [...paths, `${image}/blobs/uploads/`, `${image}/blobs/uploads`]) {
        const method = path.endsWith('uploads') ? 'PATCH' : 'PUT'
        requireError(await o.send({ method, path }), 405, 'UNSUPPORTED', /is not allowed at .*; it takes /)
      }
    },
  ],
  [
    'other',
    'a path with a part "." or ".." is refused, however it is written: it would mean another image',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image, 'v1')
      const [, repository, name] = image.split('/')
      for (const up of ['..', '%2e%2e', '.%2E']) {
        const path = `/v2/acme/private/${up}/${repository}/${name}/tags/list`
        for (const as of [o.token, null]) {
          requireError(await o.send({ method: 'GET', path, as }), 400, 'NAME_INVALID', /has a part "\." or "\.\."/)
        }
      }
      requireError(await o.send({ method: 'GET', path: `/v2/./${image}/tags/list` }), 400, 'NAME_INVALID', /./)
      const { status, body } = await o.send({ method: 'GET', path: '/npm/../healthz' })
      assert.deepEqual([status, /has a part/.test(String(body))], [400, true])
    },
  ],
]

testRows('pulling by the specification', rows)
