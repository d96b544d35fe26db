/** LO holds 64 characters (PS3.5 §6.2); the command set has no character set, and a backslash would part values. */
export function errorComment(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64)
}

const NUL = 0x00
const SPACE = 0x20

/** Removes DICOM padding, spaces or NULs (PS3.5 §6.2), from a text; takes linear time for any input. */
export function textWithoutPadding(value: Buffer): string {
  let start = 0
  let end = value.length
  while (end > start && isPadding(value[end - 1])) end--
  while (start < end && isPadding(value[start])) start++
  return value.toString('latin1', start, end)
}

function isPadding(byte: number | undefined): boolean {
  return byte === NUL || byte === SPACE
}
