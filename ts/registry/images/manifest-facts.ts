/** What a manifest names by digest and size. */
export interface ManifestReference {
  readonly kind: 'blob' | 'manifest'
  readonly digest: string
  readonly sizeBytes: number
  readonly mediaType: string
  /** The image may do without it: a foreign or non-distributable layer. */
  readonly isOptional: boolean
  /** What an index says that its manifest is for: `linux/arm64/v8`. */
  readonly platform?: string
}

/** What the registry must know of a manifest; the protocol reads it from the bytes, and it is stored with the unit. */
export interface ManifestFacts {
  readonly kind: 'image' | 'index'
  readonly mediaType: string
  /** Each digest once. */
  readonly references: readonly ManifestReference[]
  /** The digest of the manifest that this one is about. */
  readonly subject?: string
  /** As listings of referrers show it: the manifest's own, else the media type of its config. */
  readonly artifactType?: string
  readonly annotations: Readonly<Record<string, string>>
}
