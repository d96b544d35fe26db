/**
 * The findings in an instance: a closed set. Each name is also the setting for its consequence, and the text in the
 * database; none contains a value.
 */
export const FINDINGS = [
  /** It is not encoded in the declared transfer syntax. */
  'transferSyntax',
  /** Some of its bytes are not a data set. */
  'unreadable',
  /** It ends in the middle of an element. */
  'truncated',
  /** Its SOP class is not the one that the C-STORE command named. */
  'sopClass',
  /** SOP Class, SOP Instance, Study or Series Instance UID is missing or empty. */
  'uidMissing',
  /** One of these breaks the form of a UID (PS3.5 §9.1). */
  'uidSyntax',
  /** Patient's Name or Patient ID is missing or empty. */
  'patientMissing',
  /** There is text beyond ASCII, and no Specific Character Set. */
  'characterSetMissing',
  /** There is text that Specific Character Set does not fit, or that is a term which the standard does not know. */
  'characterSetWrong',
  /** A value of odd length (PS3.5 §7.1.1). */
  'oddLength',
  /** Elements of the data set itself are out of order, or one occurs twice (PS3.5 §7.1). */
  'elementOrder',
  /** An image is described, but there is no pixel data. */
  'pixelMissing',
  /** There is pixel data, but its description (rows, columns, bits, …) is incomplete or invalid. */
  'pixelDescription',
  /** Pixel data in fragments under a native transfer syntax, or the other way round. */
  'pixelForm',
  /** Native pixel data is not as long as rows × columns × samples × bits × frames. */
  'pixelLength',
  /** Encapsulated pixel data has fewer fragments than frames, or none. */
  'framesMissing',
  /** Encapsulated pixel data has no end delimiter. */
  'fragmentsEnd',
  /** The basic offset table points to positions where no fragment begins (PS3.5 §A.4). */
  'offsetTable',
  /** Bytes other than zeros after the data set. */
  'trailingBytes',
] as const

export type Finding = (typeof FINDINGS)[number]

/** Checks a name from the database or from another program. */
export function isFinding(text: string): text is Finding {
  return FINDINGS.some((finding) => finding === text)
}
