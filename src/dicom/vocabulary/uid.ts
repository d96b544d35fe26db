import { Failure } from '../../platform/failure.ts'

const COMPONENTS = /^[0-9]+(\.[0-9]+)*$/
const LIMIT_CHARACTERS = 64

/**
 * True for digits and dots, at most 64 characters (PS3.5 §9.1). Components with leading zeros, which that section forbids,
 * pass: devices write them, and two UIDs that differ in a zero are still two UIDs.
 */
export function isUid(text: string): boolean {
  return text.length <= LIMIT_CHARACTERS && COMPONENTS.test(text)
}

/** Twice what PS3.5 §9.1 allows, and other characters: instances with such UIDs are taken, too. */
const TAKEN_AS_UID = /^[\x21-\x7e]{1,128}$/

/** True for what an instance that is taken may have in the place of a UID; the padding is removed. */
export const isInstanceUid = (text: string): boolean => TAKEN_AS_UID.test(text)

/** A UID without the padding of its field: the standard's NUL, and the space that many devices write. */
export function trimUid(text: string): string {
  let end = text.length
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end--
  return text.slice(0, end)
}

/** Accepts a UID of a data set or command, padding removed; throws UID_INVALID. */
export function parseUid(text: string): string {
  const uid = trimUid(text)
  if (!isUid(uid)) throw new Failure('UID_INVALID', `reading a UID: ${describeUid(uid)}`)
  return uid
}

function isPadding(code: number): boolean {
  return code === 0x00 || code === 0x20
}

/** Returns the fault, without the text itself: the text in a UID's place may be a patient's. */
function describeUid(text: string): string {
  if (text === '') return 'it is empty'
  if (text.length > LIMIT_CHARACTERS) return `${text.length} characters, at most ${LIMIT_CHARACTERS}`
  return 'it holds more than digits and single dots'
}
