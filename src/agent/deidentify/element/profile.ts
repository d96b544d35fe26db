import type { PathPattern } from '../../../dicom/edit/element-path.ts'
import type { ConfidentialityOption } from '../../../dicom/vocabulary/confidentiality-options.ts'

export type DeidOption = ConfidentialityOption

/** A rule of the clinic; the first one that matches takes precedence over the standard's table. */
export interface DeidRule extends PathPattern {
  readonly action: 'keep' | 'remove' | 'empty' | 'replace' | 'shift-date' | 'replace-uid' | 'scrub'
  /** For 'replace'; ASCII, which every character set contains. */
  readonly value?: string | undefined
  readonly when?: RuleCondition | undefined
}

/** All given conditions must hold. */
export interface RuleCondition {
  /** The device's name or calling AE title. */
  readonly device?: string | undefined
  readonly modality?: string | undefined
  readonly sopClassUid?: string | undefined
}

/** A rectangle of pixels to be blackened: column and row of its upper left corner, its width and height. */
export interface PixelRegion {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PixelRule {
  readonly when: RuleCondition & {
    readonly rows?: number | undefined
    readonly columns?: number | undefined
    /** The image's own declaration; '' if it declares nothing. */
    readonly burnedInAnnotation?: 'YES' | 'NO' | '' | undefined
  }
  /** Empty if a person has checked that images of this kind show no identity. */
  readonly regions: readonly PixelRegion[]
}

/** A private block whose elements are known to contain no identity (PS3.15 §E.3.10). */
interface SafePrivateBlock {
  readonly group: number
  readonly creator: string
  /** Low byte of the element numbers. */
  readonly elements: readonly number[]
}

/** The de-identification of a route: the Basic Profile with options and the clinic's own rules. */
export interface DeidProfile {
  readonly name: string
  /** Profiles of one group make the same pseudonyms, UIDs and shifts; undefined: a group of its own name. */
  readonly keyGroup?: string | undefined
  readonly options: ReadonlySet<DeidOption>
  readonly rules: readonly DeidRule[]
  readonly safePrivate: readonly SafePrivateBlock[]
  readonly pixels: readonly PixelRule[]
  /** True if ages over 89 years become 90 (as HIPAA's safe harbour requires). */
  readonly capAges: boolean
  /** False: encapsulated documents and other classes that cannot be cleaned are withheld. */
  readonly passDocuments: boolean
}

/** The source of an instance, which rules look at in addition to the data set. */
export interface DeidSource {
  readonly device: string | undefined
  readonly callingAeTitle: string
}
