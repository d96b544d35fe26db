import { Failure } from '../../../platform/failure.ts'

/** Bytes of a known number that are read when they are needed. */
export interface StreamedBytes {
  readonly length: number
  chunks(): AsyncIterable<Buffer>
}

/** Encapsulated pixel data: an offset table, perhaps empty, and fragments (PS3.5 §A.4). */
export interface Fragments {
  /** Offsets of the frames' first fragments, each in 32 bits; empty for video. */
  readonly offsetTable: Buffer
  fragments(): Iterable<StreamedBytes>
}

const TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'])
const SEVERAL_LINES = new Set(['LT', 'ST', 'UT'])
/** Limits in characters (PS3.5 Table 6.2-1). */
const LIMIT_CHARACTERS: Readonly<Record<string, number>> = { SH: 16, LO: 64, ST: 1024, LT: 10_240 }
const CONTROLS = /\p{Cc}+/gu
const CONTROLS_BUT_LINES = /[^\P{Cc}\r\n\t\f]+/gu

/** Encodes texts of one element with its padding; `values` are separated by backslashes (PS3.5 §6.2). */
export function encodeText(vr: string, values: readonly string[]): Buffer {
  const bytes = Buffer.from(values.join('\\'), TEXT.has(vr) ? 'utf8' : 'latin1')
  if (bytes.length % 2 === 0) return bytes
  return Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ', 'latin1')])
}

/** Encodes numbers of one element; a tag (AT) is two numbers, group and element. */
export function encodeNumbers(vr: string, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * (NUMBER_BYTES[vr] ?? 0))
  for (const [i, value] of values.entries()) {
    if (vr === 'US' || vr === 'AT') bytes.writeUInt16LE(value, 2 * i)
    else if (vr === 'UL') bytes.writeUInt32LE(value, 4 * i)
    else if (vr === 'FD') bytes.writeDoubleLE(value, 8 * i)
    else throw new Failure('INTERNAL', `writing a number of the VR ${vr}`)
  }
  return bytes
}

const NUMBER_BYTES: Readonly<Record<string, number>> = { AT: 2, US: 2, UL: 4, FD: 8 }

/** Returns a description as DICOM can store it: without backslashes and control characters, cut to the VR's limit. */
export function describing(vr: string, text: string): string {
  const plain = text.replace(SEVERAL_LINES.has(vr) ? CONTROLS_BUT_LINES : CONTROLS, ' ')
  const single = SEVERAL_LINES.has(vr) ? plain : plain.replaceAll('\\', '/')
  const limit = LIMIT_CHARACTERS[vr] ?? Number.POSITIVE_INFINITY
  return Array.from(single.trim()).slice(0, limit).join('')
}

/**
 * Returns a text that identifies a patient or an examination, unchanged but for spaces around it: such a text is never cut.
 * Throws IDENTITY_UNUSABLE if DICOM cannot store it.
 */
export function identifying(name: string, text: string): string {
  const trimmed = text.trim()
  if (!/[\p{Cc}\\]/u.test(trimmed)) return trimmed
  throw new Failure(
    'IDENTITY_UNUSABLE',
    `wrapping a file: ${name} contains a backslash or a control character`,
  )
}
