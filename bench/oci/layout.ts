import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { tarOf } from '../packages.ts'
import { blobOf } from './content.ts'
import { type Described, manifestMediaType, manifestOf, sha256 } from './image.ts'

/**
 * Writes an image as clients keep it on disk (an OCI image layout). Its layers are real archives, packed without being
 * compressed, so that no client spends the measured time on that.
 */
export async function writeLayout(dir: string, seed: string, layers: number, layerBytes: number): Promise<void> {
  await mkdir(join(dir, 'blobs', 'sha256'), { recursive: true })
  const write = async (bytes: Buffer): Promise<Described> => {
    const digest = sha256(bytes)
    await writeFile(join(dir, 'blobs', digest.replace(':', '/')), bytes)
    return { digest, sizeBytes: bytes.length }
  }
  const archives = Array.from({ length: layers }, (_, i) => archiveOf(`${seed}-${i}`, layerBytes))
  const described: Described[] = []
  for (const archive of archives) described.push(await write(gzipSync(archive, { level: 0 })))
  const rootfs = { type: 'layers', diff_ids: archives.map(sha256) }
  const config = await write(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs })))
  const { digest, sizeBytes } = await write(manifestOf(config, described).bytes)
  const index = { schemaVersion: 2, manifests: [{ mediaType: manifestMediaType, digest, size: sizeBytes }] }
  await writeFile(join(dir, 'index.json'), JSON.stringify(index))
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

/** An archive with one file of incompressible bytes. */
function archiveOf(seed: string, sizeBytes: number): Buffer {
  return tarOf([{ path: 'layer.bin', bytes: Buffer.concat([...blobOf({ seed, sizeBytes }).pieces()]) }])
}
