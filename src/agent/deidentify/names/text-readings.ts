import { TextDecoder } from 'node:util'

/** A wrong byte is not fatal: the text around it is still read. */
const DECODERS: readonly TextDecoder[] = [
  'utf-8',
  'gb18030',
  'big5',
  'euc-kr',
  'shift_jis',
  'euc-jp',
  'windows-1252',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-7',
  'windows-1254',
].map((encoding) => new TextDecoder(encoding))
const UTF_16: readonly TextDecoder[] = ['utf-16le', 'utf-16be'].map((encoding) => new TextDecoder(encoding))

/** Returns all other readings of the bytes, regardless of the declared one, to find hidden values. */
export function otherReadings(bytes: Buffer): string[] {
  const readings: string[] = []
  if (bytes.some((byte) => byte >= 0x80)) readings.push(...DECODERS.map((decoder) => decoder.decode(bytes)))
  if (bytes.includes(ESCAPE)) readings.push(readEscaped(bytes))
  if (bytes.some(isNoPlain)) readings.push(...readWide(bytes))
  return readings
}

/** Invisible signs without a width, which may be inside a word. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g
const ESCAPED = /%[\da-f]{2}|&#x?[\da-f]+;|\\u[\da-f]{4}/i

/**
 * Returns a text without invisible signs, and with the escapes of URLs, XML and JSON resolved; empty if it has none of them.
 * `text` has a character for each byte, or is read.
 */
export function unescapedReadings(text: string): string[] {
  const visible = text.replaceAll(INVISIBLE, '')
  if (!ESCAPED.test(visible)) return visible === text ? [] : [visible]
  const resolved = visible
    .replaceAll(/&#x([\da-f]{1,6});/gi, (_, code: string) => characterOf(Number.parseInt(code, 16)))
    .replaceAll(/&#(\d{1,7});/g, (_, code: string) => characterOf(Number(code)))
    .replaceAll(/\\u([\da-f]{4})/gi, (_, code: string) => characterOf(Number.parseInt(code, 16)))
  const bytes = Buffer.from(
    resolved.replaceAll(/%([\da-f]{2})/gi, (_, code: string) => characterOf(Number.parseInt(code, 16))),
    'latin1',
  )
  return [resolved, ...otherReadings(bytes), bytes.toString('latin1')]
}

const characterOf = (code: number): string => (code <= 0x10_ffff ? String.fromCodePoint(code) : '')

/** As UTF-16, from the first and from the second byte on. */
export function readWide(bytes: Buffer): string[] {
  return UTF_16.flatMap((decoder) => [decoder.decode(bytes), decoder.decode(bytes.subarray(1))])
}

/** Nearly every text in UTF-16 has such bytes: 罗怡 is a letter, a delete and two signs. */
const isNoPlain = (byte: number): boolean => byte < 0x20 || byte > 0x7e

const ESCAPE = 0x1b
const EUC_JP = new TextDecoder('euc-jp')
const LATIN_1 = new TextDecoder('latin1')
/** The character sets that the escapes of ISO 2022 switch to (PS3.3 Tables C.12-3 and C.12-4): two bytes of seven bits, or bytes from 80 on. */
const SWITCHES: Readonly<Record<string, { decoder: TextDecoder; prefix?: number[] }>> = {
  $B: { decoder: EUC_JP, prefix: [] },
  '$@': { decoder: EUC_JP, prefix: [] },
  '$(D': { decoder: EUC_JP, prefix: [0x8f] },
  // The other sets in seven bits, which ISO 2022 allows and DICOM does not.
  $A: { decoder: new TextDecoder('gb18030'), prefix: [] },
  '$(C': { decoder: new TextDecoder('euc-kr'), prefix: [] },
  '$)C': { decoder: new TextDecoder('euc-kr') },
  '$)A': { decoder: new TextDecoder('gb18030') },
  ')I': { decoder: new TextDecoder('shift_jis') },
}

/** Decodes by the escapes alone; each applies until the next. */
function readEscaped(bytes: Buffer): string {
  const [start = '', ...switched] = bytes.toString('latin1').split('\x1b')
  return start + switched.map(readSwitched).join('')
}

function readSwitched(text: string): string {
  const escape = /^(?:\$[B@A]|\$\([CD]|\$\)[CA]|[()][A-Z]|[-.][A-Z])/.exec(text)?.[0] ?? ''
  const { decoder, prefix } = SWITCHES[escape] ?? { decoder: LATIN_1 }
  const bytes = Buffer.from(text.slice(escape.length), 'latin1')
  return decoder.decode(prefix === undefined ? bytes : raised(bytes, prefix))
}

/** Pairs of seven bits as EUC-JP writes them. */
function raised(bytes: Buffer, prefix: readonly number[]): Buffer {
  const pairs = Array.from({ length: Math.ceil(bytes.length / 2) }, (_, i) =>
    bytes.subarray(i * 2, i * 2 + 2),
  )
  return Buffer.from(pairs.flatMap((pair) => [...prefix, ...pair.map((byte) => byte | 0x80)]))
}
