import type { CompletedPart } from '@aws-sdk/client-s3'
import { RegistryError } from '../errors.ts'
import type { UploadState } from './uploads.ts'

/** Where the bytes of an upload wait on S3. */
export interface S3Place {
  /** Of the append that came to it: another append's place is another, even if it looks alike. */
  readonly append: string
  /** The multipart upload of the full parts; absent while there is none. */
  readonly multipart?: Multipart
  /** The staging object of the bytes behind them, which are short of a part. */
  readonly tail?: { readonly key: string; readonly sizeBytes: number }
  /** Part numbers up to this one may be sent by a writer that was taken over. */
  readonly skipTo?: number
}

export interface Multipart {
  readonly key: string
  readonly id: string
  readonly parts: readonly SentPart[]
}

/** A part's number and ETag. */
export type SentPart = readonly [number: number, etag: string]

export function placeOf(state: UploadState): S3Place {
  if (state.place === '') return { append: '' }
  const place: unknown = JSON.parse(state.place)
  if (typeof place === 'object' && place !== null && 'append' in place) return place as S3Place
  throw new RegistryError('internal', 'Not a place of an upload')
}

/** The parts as S3 wants them listed. */
export function completedParts(place: S3Place): CompletedPart[] {
  return (place.multipart?.parts ?? []).map(([PartNumber, ETag]) => ({ PartNumber, ETag }))
}

/** The number of the part that comes next. */
export function nextNumber(place: S3Place): number {
  return Math.max(place.multipart?.parts.at(-1)?.[0] ?? 0, place.skipTo ?? 0) + 1
}
