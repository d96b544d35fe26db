import type { Identifiers } from '../../../src/dicom/find/identifier-search.ts'
import type { Random } from '../random.ts'

/** One data set of a kind that the field sends, and what its maker knows of it. */
export interface KindCase {
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
  /**
   * 'whole': no byte of the image is missing, whatever else is wrong. 'cut': its last bytes are missing. 'either': the bytes
   * do not tell.
   */
  readonly ending: 'whole' | 'cut' | 'either'
  /** True if nothing is wrong with it: then nothing may be found, and its copy leaves. */
  readonly isSound: boolean
  /** True if its Patient ID is empty, which is flagged though the image is sound. */
  readonly lacksPatientId?: boolean
  /** The values that identify it. */
  readonly identifiers: Required<Identifiers>
  /** True if all of them are to be found. Those that are found are never others than these. */
  readonly isFindable: boolean
  /** The person's values, in the bytes of every encoding in which the image contains them anywhere. */
  readonly planted: readonly Buffer[]
  /** The value of Pixel Data, or of its only frame. */
  readonly pixels: Buffer
  /** The same image of the same person, who is spelled otherwise; its copy gets the same pseudonym and dates. */
  readonly twin?: Buffer
  /** The device declares the transfer syntax in which it writes; false for one that does not. */
  readonly isDeclaredTruly: boolean
}

export interface Kind {
  /** In words, as in docs/field-faults.md. */
  readonly name: string
  readonly make: (random: Random) => KindCase
}
