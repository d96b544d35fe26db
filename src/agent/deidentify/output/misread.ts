import { type DataElement, type ElementList, walk } from '../../../dicom/edit/data-set-tree.ts'
import { attributeName, attributeOf } from '../../../dicom/vocabulary/attribute.ts'
import { PIXEL_DATA } from '../../../dicom/vocabulary/pixel-data.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'
import { isWrittenAsText } from '../../../dicom/vocabulary/value-form.ts'
import { withheld } from '../element/withheld.ts'
import { swallowedElement } from './swallowed-element.ts'

const ESCAPE = 0x1b
/** Text may contain TAB, LF, FF and CR (PS3.5 §6.1.3), and ESC if it is ISO 2022. */
const CONTROLS_IN_TEXT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, ESCAPE])
/** Bytes of one value (PS3.5 Table 6.2-1). */
const NUMBER_BYTES: Readonly<Record<string, number>> = {
  AT: 4,
  FD: 8,
  FL: 4,
  SL: 4,
  SS: 2,
  SV: 8,
  UL: 4,
  US: 2,
  UV: 8,
}
/** Attributes of the Image Pixel module with one value of 16 bits (PS3.3 §C.7.6.3). */
const ONE_SHORT: ReadonlySet<Tag> = new Set([
  TAG.SamplesPerPixel,
  TAG.PlanarConfiguration,
  TAG.Rows,
  TAG.Columns,
  TAG.BitsAllocated,
  TAG.BitsStored,
  TAG.HighBit,
  TAG.PixelRepresentation,
])

/**
 * Throws DEID_WITHHELD for a value that its VR cannot have. A wrong length makes one element swallow the next ones, headers
 * included: the data set still parses, and identity would leave inside an unsuspicious value.
 *
 * @param vr the VR that the element has in truth
 */
export function checkFitsVr({ tag, value, encoding }: DataElement, vr: string): void {
  const size = NUMBER_BYTES[vr]
  const isNumber =
    size !== undefined && (value.length % size !== 0 || (ONE_SHORT.has(tag) && value.length > size))
  const isText = isWrittenAsText(vr) && holdsControls(value)
  if (isNumber || isText)
    throw withheld(
      `${attributeName(tag)} holds ${value.length} bytes that are not ${vr}: its length may be wrong`,
    )
  const swallowed = isWrittenAsText(vr) ? undefined : swallowedElement(value, encoding.littleEndian)
  if (swallowed !== undefined)
    throw withheld(`${attributeName(tag)} holds an element within its value: its length may be wrong`)
}

/**
 * Throws DEID_WITHHELD for a data set with neither Patient's Name nor Patient ID, which are Type 2 in every class with
 * a patient (PS3.3 §C.7.1.1): a wrong length before them may have swallowed both.
 */
export function checkNamesPatient(head: ElementList): void {
  if (head.find(TAG.PatientName) === undefined && head.find(TAG.PatientID) === undefined)
    throw withheld(
      "it has neither Patient's Name nor Patient ID, so the values to look for in it are not known",
    )
}

/** Elements that every instance of a patient has, and pixel data. */
const EXPECTED: readonly Tag[] = [
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.PatientName,
  TAG.PatientID,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
  ...PIXEL_DATA,
]

/**
 * Throws DEID_WITHHELD if an element that every instance has is missing, and lies within the value of another one. That
 * holds for values that do not stay, too: the swallowed elements would be missing in the copy.
 *
 * @param hasPixels true if a large element follows the head
 */
export function checkNothingIsSwallowed(head: ElementList, hasPixels: boolean): void {
  const missing = EXPECTED.filter(
    (tag) => head.find(tag) === undefined && !(hasPixels && tag >>> 16 === 0x7fe0),
  )
  if (missing.length === 0) return
  walk(head, ({ tag, value, encoding }) => {
    const swallowed = swallowedElement(value, encoding.littleEndian, missing)
    if (swallowed !== undefined)
      throw withheld(
        `${attributeName(swallowed)} lies within the value of ${attributeName(tag)}, whose length may be wrong`,
      )
  })
}

/**
 * Returns true for a sequence by PS3.6 that was read as a value because it is empty. Throws DEID_WITHHELD if it is not
 * empty: its content cannot be examined, and would stay unchanged.
 */
export function isHollowSequence({ tag, items, value }: DataElement): boolean {
  if (items !== undefined || attributeOf(tag)?.vrs[0] !== 'SQ') return false
  if (value.length === 0) return true
  throw withheld(`${attributeName(tag)} is a sequence by PS3.6, and its value cannot be read as one`)
}

/** Returns true for control characters that text does not contain; zeros at the end are padding. */
function holdsControls(value: Buffer): boolean {
  let end = value.length
  while (end > 0 && (value[end - 1] === 0 || value[end - 1] === 0x20)) end--
  for (let i = 0; i < end; i++) {
    const byte = value[i] ?? 0
    if (byte < 0x20 && !CONTROLS_IN_TEXT.has(byte)) return true
  }
  return false
}
