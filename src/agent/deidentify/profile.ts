import type { Tag } from '../../dicom/tag.ts'

/** The options of PS3.15 §E.3, by the names that a configuration gives them. */
export type DeidOption =
  | 'retain-safe-private'
  | 'retain-uids'
  | 'retain-device-identity'
  | 'retain-institution-identity'
  | 'retain-patient-characteristics'
  | 'retain-long-full-dates'
  | 'retain-long-modified-dates'
  | 'clean-descriptors'
  | 'clean-structured-content'
  | 'clean-graphics'
  | 'clean-pixel-data'

/** One element of a configured rule's path: the last is the element itself, those before it are sequences around it. */
export type TagPath = readonly Tag[]

/** A rule of the clinic's own; the first that fits wins over the standard's table. */
export interface DeidRule {
  readonly path: TagPath
  /** True: the path may stand at any depth; else it begins in the data set itself. */
  readonly anywhere: boolean
  readonly action: 'keep' | 'remove' | 'empty' | 'replace' | 'shift-date' | 'replace-uid' | 'scrub'
  /** For 'replace'. */
  readonly value?: string
  readonly when?: RuleCondition
}

/** All that are given must hold. */
export interface RuleCondition {
  /** The device's name or calling AE title. */
  readonly device?: string
  readonly modality?: string
  readonly sopClassUid?: string
}

/** A rectangle of pixels to be blackened: column and row of its upper left corner, its width and height. */
export interface PixelRegion {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PixelRule {
  readonly when: RuleCondition & { readonly rows?: number; readonly columns?: number }
  /** Empty: somebody has looked, and images of this kind show no identity. */
  readonly regions: readonly PixelRegion[]
}

/** A private block whose elements are known to hold no identity (PS3.15 §E.3.10). */
export interface SafePrivateBlock {
  readonly group: number
  readonly creator: string
  /** Low byte of the element numbers. */
  readonly elements: readonly number[]
}

/** How instances lose their identity on a route: the Basic Profile with options and the clinic's own rules. */
export interface DeidProfile {
  readonly name: string
  readonly options: ReadonlySet<DeidOption>
  readonly rules: readonly DeidRule[]
  readonly safePrivate: readonly SafePrivateBlock[]
  readonly pixels: readonly PixelRule[]
  /** Ages over 89 years become 90 (as HIPAA's safe harbour asks). */
  readonly capAges: boolean
  /** Encapsulated documents and other classes that cannot be cleaned are withheld unless this says otherwise. */
  readonly passDocuments: boolean
}

/** What rules look at besides the data set. */
export interface DeidSource {
  readonly device: string | undefined
  readonly callingAeTitle: string
}
