import type { Tag } from '../../src/dicom/vocabulary/tag.ts'

/** Tags and numbers of items in turn: [sequence, item, sequence, item, …, element]. */
export type Place = readonly number[]

/** What has to become of one planted or untouched value, by the kinds of action that MIDI-B scores. */
export type Expectation =
  /** Gone, emptied, or another value without any identity; `was` must not be there any more. */
  | { readonly kind: 'removed'; readonly at: Place; readonly was?: Buffer }
  /** All of these bytes are still there; `isWhole`: and no others. */
  | {
      readonly kind: 'retained'
      readonly at: Place
      readonly bytes: readonly Buffer[]
      readonly isWhole: boolean
    }
  | { readonly kind: 'not null'; readonly at: Place }
  | { readonly kind: 'date shifted'; readonly at: Place; readonly was: string }
  | { readonly kind: 'UID changed'; readonly at: Place; readonly was: string }
  | { readonly kind: 'patient ID consistent'; readonly at: Place }

export const KINDS = [
  'removed',
  'retained',
  'not null',
  'date shifted',
  'UID changed',
  'UID consistent',
  'patient ID consistent',
  'pixels hidden',
  'pixels retained',
] as const

export type ActionKind = (typeof KINDS)[number]

const GROUP = 0x1_0000

export function placeText(place: Place): string {
  return place
    .map((step, i) => (i % 2 === 1 ? `[${step}]` : `(${hex(Math.floor(step / GROUP))},${hex(step % GROUP)})`))
    .join('')
}

const hex = (number: number): string => number.toString(16).padStart(4, '0')

/** Tags whose values say how an image was made and how it is to be read, and of nobody: they keep their bytes. */
export const TECHNICAL: readonly Tag[] = [
  0x0008_0008, 0x0008_0016, 0x0008_0060, 0x0008_0070, 0x0018_0020, 0x0018_0021, 0x0018_0022, 0x0018_0023,
  0x0018_0050, 0x0018_0060, 0x0018_0080, 0x0018_0081, 0x0018_0083, 0x0018_0084, 0x0018_0087, 0x0018_0088,
  0x0018_0091, 0x0018_0095, 0x0018_1020, 0x0018_1100, 0x0018_1110, 0x0018_1111, 0x0018_1120, 0x0018_1130,
  0x0018_1140, 0x0018_1150, 0x0018_1151, 0x0018_1152, 0x0018_1160, 0x0018_1170, 0x0018_1190, 0x0018_1210,
  0x0018_1310, 0x0018_1312, 0x0018_1314, 0x0018_5100, 0x0020_0011, 0x0020_0012, 0x0020_0013, 0x0020_0032,
  0x0020_0037, 0x0020_1002, 0x0020_1041, 0x0028_0002, 0x0028_0008, 0x0028_0010, 0x0028_0011, 0x0028_0030,
  0x0028_0100, 0x0028_0101, 0x0028_0102, 0x0028_0103, 0x0028_0106, 0x0028_0107, 0x0028_1050, 0x0028_1051,
  0x0028_1052, 0x0028_1053, 0x0028_1054, 0x0028_1101, 0x0028_1201,
]
