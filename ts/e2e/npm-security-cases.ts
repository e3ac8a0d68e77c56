import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client } from '../testing/clients.ts'
import { startTrustRoot } from '../testing/trust-root.ts'
import { npmDialect } from './dialects.ts'
import { installed, openHome, projectFolder, tell } from './shared-cases.ts'

/** Registers what npm checks of what it has installed. */
export function npmSecurityCases(client: Client, registryOf: () => ClientRegistry): void {
  test('an audit finds nothing, and every version’s signature verifies', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('@acme/signed', '1.0.0')
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('signed', version)
    await using home = await openHome(client, npmDialect, registry)
    await using trustRoot = await startTrustRoot(home)
    const project = await projectFolder(home, npmDialect, {
      signed: '1.1.0',
      '@acme/signed': '1',
      older: 'npm:signed@1.0.0',
    })
    await home.ok(project, ['install'])
    assert.match(await home.ok(project, ['audit']), /found 0 vulnerabilities/)
    const verified = await home.ok(project, ['audit', 'signatures'], trustRoot)
    assert.match(verified, /3 packages have verified registry signatures/)
  })

  test('a version with an attestation installs, and the attestation is at the address that it names', async (t) => {
    tell(t, client)
    const registry = registryOf()
    // As `npm publish --provenance-file` sends it. npm itself would first have the bundle's signer checked over the internet.
    const published = aPublishBody('attested', '1.0.0').withFiles({ 'index.js': "module.exports = 'attested 1.0.0'\n" })
    const bundle = aBundle('pkg:npm/attested@1.0.0', published.tarball)
    const data = JSON.stringify(bundle)
    const attachment = { content_type: bundle.mediaType, data, length: data.length }
    const attachments = { ...published.body._attachments, 'attested-1.0.0.sigstore': attachment }
    const body = JSON.stringify({ ...published.body, _attachments: attachments })
    const headers = { 'content-type': 'application/json' }
    assert.equal((await registry.fetch('attested', { method: 'PUT', headers, body })).status, 201)
    await using home = await openHome(client, npmDialect, registry)
    const project = await projectFolder(home, npmDialect, { attested: '1' })
    await home.ok(project, ['install'])
    assert.equal(await installed(project, 'attested'), 'attested 1.0.0')
    const view = await home.ok(home.path, ['view', 'attested', 'dist.attestations', '--json'])
    // npm 12 prints a list for one version, too.
    const [attestations]: { url: string; provenance: { predicateType: string } }[] = [JSON.parse(view)].flat()
    assert.equal(attestations?.provenance.predicateType, 'https://slsa.dev/provenance/v1')
    const answer = await registry.fetch(attestations.url.replace(registry.url, ''))
    assert.deepEqual(await answer.json(), {
      attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', bundle }],
    })
  })
}

function aBundle(name: string, tarball: Buffer) {
  const digest = { sha512: createHash('sha512').update(tarball).digest('hex') }
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  }
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    dsseEnvelope: {
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: 'c2lnbmF0dXJl' }],
    },
  }
}
