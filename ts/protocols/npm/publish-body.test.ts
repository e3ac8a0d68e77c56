import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { bytesOf } from '../../testing/bytes.ts'
import { defaultPublishBodyLimits, type PublishBody, parsePublishBody } from './publish-body.ts'

const limits = {
  ...defaultPublishBodyLimits,
  maxDocumentBytes: 100_000,
  maxAttachmentBytes: 100_000,
  maxTextBytes: 1000,
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes))
}

async function* inPieces(text: string | Uint8Array, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function parse(source: string | AsyncIterable<Uint8Array>, over: Partial<typeof limits> = {}) {
  return parsePublishBody(typeof source === 'string' ? bytesOf(source) : source, {
    limits: { ...limits, ...over },
    isText: (name) => name.endsWith('.sigstore'),
    onAttachment: (_name, bytes) => collect(bytes),
  })
}

function bytesIn(body: PublishBody<Buffer>, name: string): string | undefined {
  const found = body.attachments.get(name)
  return found?.kind === 'bytes' ? found.result.toString() : found?.text
}

const tarball = Buffer.from('the bytes of a tarball??>>')

describe('what is diverted', () => {
  test('the data of an attachment goes to the callback, everything else to the document', async () => {
    const sent = {
      name: 'a',
      _attachments: { 'a-1.0.0.tgz': { data: tarball.toString('base64'), length: 26 } },
      z: [1],
    }
    const body = await parse(JSON.stringify(sent, undefined, 2))
    assert.equal(bytesIn(body, 'a-1.0.0.tgz'), tarball.toString())
    assert.deepEqual(body.document, { name: 'a', _attachments: { 'a-1.0.0.tgz': { data: '', length: 26 } }, z: [1] })
  })

  test('escapes in keys and in base64 mean what they mean in JSON, wherever the body is cut', async () => {
    const data = tarball.toString('base64')
    const escaped = data.replaceAll('/', '\\/').replaceAll('+', '\\u002B').replace('d', '\\u0064')
    const text = `{"_attach\\u006dents" : {"\\u0061.tgz":\t{"d\\u0061ta":\n"${escaped}"}}}`
    for (let size = 1; size < text.length; size++) {
      assert.equal(bytesIn(await parse(inPieces(text, size)), 'a.tgz'), tarball.toString(), `pieces of ${size}`)
    }
  })

  test('a text attachment is collected as the string it is', async () => {
    const bundle = JSON.stringify({ mediaType: 'x', é: '"\\' })
    const body = await parse(JSON.stringify({ _attachments: { 'a.sigstore': { data: bundle } } }))
    assert.equal(bytesIn(body, 'a.sigstore'), bundle)
  })

  const notDiverted = [
    { _attachments: [{ data: 'plain' }] },
    { _attachments: { a: [{ data: 'plain' }] } },
    { _attachments: { a: { deeper: { data: 'plain' } } } },
    { _attachments: { a: { data: ['plain'] } } },
    { _attachments: { a: { data: null } } },
    { versions: { _attachments: { a: { data: 'plain' } } } },
    [{ _attachments: { a: { data: 'plain' } } }],
    { _attachments: { a: { data2: 'plain', x: 'data' } }, x: { y: { data: 'plain' } } },
  ]
  for (const document of notDiverted) {
    test(`nothing is diverted from ${JSON.stringify(document)}`, async () => {
      const body = await parse(JSON.stringify(document))
      assert.deepEqual(body.document, document)
      assert.equal(body.attachments.size, 0)
    })
  }

  test('names of object members are ordinary names', async () => {
    const text = '{"_attachments":{"__proto__":{"data":"YQ=="},"constructor":{"data":"Yg=="}},"__proto__":{"x":1}}'
    const body = await parse(text)
    assert.equal(bytesIn(body, '__proto__'), 'a')
    assert.equal(bytesIn(body, 'constructor'), 'b')
    assert.deepEqual(body.document, JSON.parse(text.replace('YQ==', '').replace('Yg==', '')))
  })
})

describe('refusals say what and where', () => {
  const attached = (data: string) => `{"_attachments":{"a.tgz":{"data":${data}}}}`
  const table: { name: string; body: string; over?: Partial<typeof limits>; code?: string; message: RegExp }[] = [
    { name: 'an empty body', body: '', message: /not JSON/ },
    { name: 'trailing garbage', body: '{"a":1} x', message: /not JSON/ },
    { name: 'a byte order mark', body: '\ufeff{}', message: /not JSON/ },
    { name: 'an end in the document', body: '{"a":', message: /not JSON/ },
    {
      name: 'an end in the data',
      body: attached('"YWFh').slice(0, -3),
      message: /ends in the middle of _attach.*data/,
    },
    { name: 'data that is not base64', body: attached('"a*b="'), message: /\["a.tgz"\]\.data is not base64/ },
    { name: 'white space in base64', body: attached('"YW\\nFh"'), message: /is not base64/ },
    { name: 'an unknown escape in data', body: attached('"YW\\x"'), message: /escape "\\\\x"/ },
    {
      name: 'two _attachments',
      body: '{"_attachments":{},"_attachment\\u0073":1}',
      message: /^_attachments is given twice/,
    },
    {
      name: 'an attachment twice',
      body: '{"_attachments":{"a":1,"\\u0061":1}}',
      message: /^_attachments\["a"\] is given twice/,
    },
    { name: 'data twice', body: '{"_attachments":{"a":{"data":"","data":""}}}', message: /data is given twice/ },
    { name: 'depth', body: '['.repeat(101) + ']'.repeat(101), message: /deeper than 100/ },
    { name: 'many values', body: `[${'1,'.repeat(50)}1]`, over: { maxValues: 20 }, message: /more than 20 values/ },
    {
      name: 'many attachments',
      body: '{"_attachments":{"a":{"data":""},"b":{"data":""}}}',
      over: { maxAttachments: 1 },
      message: /more than 1 entries/,
    },
    {
      name: 'a large document',
      body: `["${'x'.repeat(100_001)}"]`,
      code: 'payload_too_large',
      message: /100000 bytes/,
    },
    {
      name: 'a large attachment',
      body: attached(`"${'A'.repeat(200_000)}"`),
      code: 'payload_too_large',
      message: /data is larger/,
    },
    {
      name: 'a large text attachment',
      body: `{"_attachments":{"a.sigstore":{"data":"${'x'.repeat(1001)}"}}}`,
      code: 'payload_too_large',
      message: /data is larger than 1000/,
    },
  ]
  for (const { name, body, over, code = 'payload_invalid', message } of table) {
    test(name, async () => {
      for (const size of body.length > 1000 ? [1000, 1 << 20] : [1, 7, 1 << 20])
        await assert.rejects(parse(inPieces(body, size), over), { code, message })
    })
  }

  test('bytes that are not UTF-8', async () => {
    await assert.rejects(parse(bytesOf(Uint8Array.of(0x22, 0xff, 0x22))), { code: 'payload_invalid', message: /UTF-8/ })
  })
})

describe('the callback', () => {
  const body = `{"_attachments":{"a.tgz":{"data":"${randomBytes(300_000).toString('base64')}"}}}`
  const roomy = { ...limits, maxAttachmentBytes: 1e6 }

  test('its rejection ends the parsing with the same reason', async () => {
    const parsing = parsePublishBody(inPieces(body, 1000), {
      limits: roomy,
      isText: () => false,
      async onAttachment(_name, bytes) {
        for await (const _ of bytes) throw new Error('disk full')
      },
    })
    await assert.rejects(parsing, /disk full/)
  })

  test('it sees the end of a client that goes away, and has let go before the parsing rejects', async () => {
    async function* cut(): AsyncIterable<Uint8Array> {
      yield Buffer.from(body.slice(0, 200_000))
      throw new Error('connection reset')
    }
    let saw: unknown
    const parsing = parsePublishBody(cut(), {
      limits: roomy,
      isText: () => false,
      onAttachment: (_name, bytes) =>
        collect(bytes).catch((err) => {
          saw = err
        }),
    })
    await assert.rejects(parsing, /connection reset/)
    assert.match(String(saw), /connection reset/)
  })

  test('it may leave early; the rest of the data is skipped', async () => {
    const parsed = await parsePublishBody(inPieces(body, 1000), {
      limits: roomy,
      isText: () => false,
      onAttachment: async () => 'not interested',
    })
    assert.deepEqual(parsed.attachments.get('a.tgz'), { kind: 'bytes', result: 'not interested', sizeBytes: 300_000 })
  })

  test('a slow one holds the source back', async () => {
    let read = 0
    async function* counted(): AsyncIterable<Uint8Array> {
      for await (const piece of inPieces(body, 64 * 1024)) {
        read++
        yield piece
      }
    }
    const gate = Promise.withResolvers<void>()
    const parsing = parsePublishBody(counted(), {
      limits: roomy,
      isText: () => false,
      async onAttachment(_name, bytes) {
        await gate.promise
        return (await collect(bytes)).length
      },
    })
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    const readBeforehand = read
    gate.resolve()
    assert.deepEqual((await parsing).attachments.get('a.tgz'), { kind: 'bytes', result: 300_000, sizeBytes: 300_000 })
    assert.ok(readBeforehand < read, `${readBeforehand} of ${read} pieces were read while nobody took them`)
  })
})
