import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RegistryError } from '../../errors.ts'
import { ArchiveReader } from './tarball-entries.ts'
import { defaultTarballLimits, type TarballFacts, type TarballLimits } from './tarball-facts.ts'

const field = '_attachments'

/**
 * Reads a tarball to its end without extracting anything. Refuses with `payload_invalid` what is not one gzipped archive
 * of plain files and directories under one top directory with one package.json, and what exceeds a limit. An error of
 * the source is passed on as it is. Takes no more from the source than it can work off.
 */
export async function inspectTarball(
  bytes: AsyncIterable<Uint8Array>,
  limits: TarballLimits = defaultTarballLimits,
): Promise<TarballFacts> {
  const reader = new ArchiveReader(limits)
  const source = gzipBytes(bytes)
  try {
    await pipeline(source.chunks, createGunzip({ chunkSize: 64 * 1024 }), async (plain: AsyncIterable<Buffer>) => {
      let unpacked = 0
      for await (const chunk of plain) {
        unpacked += chunk.length
        requireBounded(unpacked, source.size(), limits)
        reader.write(chunk)
      }
    })
  } catch (err) {
    throw isZlibError(err) ? notGzip(err) : err
  }
  return reader.finish()
}

/** Passes chunks on once they start like gzip; `size` tells how many bytes have come. */
function gzipBytes(bytes: AsyncIterable<Uint8Array>): { chunks: AsyncIterable<Uint8Array>; size(): number } {
  const magic = [0x1f, 0x8b, 0x08]
  let size = 0
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of bytes) {
      for (let i = size; i < magic.length && i - size < chunk.length; i++) {
        if (chunk[i - size] !== magic[i]) throw notGzip(undefined)
      }
      size += chunk.length
      yield chunk
    }
    if (size < magic.length) throw notGzip(undefined)
  }
  return { chunks: chunks(), size: () => size }
}

function requireBounded(unpacked: number, packed: number, limits: TarballLimits): void {
  if (unpacked > limits.maxUnpackedBytes) {
    throw new RegistryError('payload_too_large', `The tarball unpacks to more than ${limits.maxUnpackedBytes} bytes.`, {
      field,
    })
  }
  if (unpacked <= limits.ratioFreeBytes || unpacked <= packed * limits.maxRatio) return
  const message = `The tarball unpacks to more than ${limits.maxRatio} times its size; that is taken for an attack.`
  throw new RegistryError('payload_invalid', message, { field })
}

function isZlibError(err: unknown): boolean {
  return err instanceof Error && 'code' in err && String(err.code).startsWith('Z_')
}

function notGzip(cause: unknown): RegistryError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  const message = `The tarball is not one whole gzip file${reason}; send the .tgz that "npm pack" makes.`
  return new RegistryError('payload_invalid', message, { field }, { cause })
}
