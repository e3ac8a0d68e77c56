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

/** What the registry must know of a manifest to take it in; the protocol reads it from the bytes. */
export interface ManifestFacts extends StatedFacts {
  /** Each digest once. */
  readonly references: readonly ManifestReference[]
}

/** What is stored of them with the unit, whose files say what the manifest names. */
export interface KeptFacts extends StatedFacts {
  /** What an index has manifests for, each once, the first hundred. */
  readonly platforms?: readonly string[]
}

interface StatedFacts {
  readonly kind: 'image' | 'index'
  readonly mediaType: string
  /** The digest of the manifest that this one is about. */
  readonly subject?: string
  /** As listings of referrers show it: the manifest's own, else the media type of its config. */
  readonly artifactType?: string
  readonly annotations: Readonly<Record<string, string>>
}
