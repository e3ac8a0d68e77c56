/** Bounds on what one request may use; every one is an environment variable, see `loadConfig`. */
export interface Limits {
  /** A whole publish body, bytes. */
  readonly maxPublishBytes: number
  /** What of a publish body is not an attachment, and any other JSON body, bytes. */
  readonly maxDocumentBytes: number
}
