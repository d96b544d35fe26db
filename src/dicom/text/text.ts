import { convertBytes } from 'dicom-character-set'
import { decode, encode } from 'iconv-lite'

/** Text of a data set, and the certainty of its reading. */
interface ReadText {
  readonly text: string
  /** The defined term of the character set used, such as 'GB18030'; '' means the default repertoire. */
  readonly characterSet: string
  /** True if the declaration is missing or wrong, and the bytes themselves decided. */
  readonly isGuess: boolean
}

/** Character sets by the defined terms of PS3.3 §C.12.1.1.2 that a whole value can be written in without escapes. */
const WRITABLE: Readonly<Record<string, string>> = {
  GB18030: 'gb18030',
  GBK: 'gbk',
  'ISO_IR 192': 'utf8',
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 166': 'tis620',
  'ISO_IR 13': 'shift_jis',
}

/**
 * Character sets that devices use undeclared, the most likely first; Chinese before the others, since Ferry is used in
 * China.
 */
const GUESSES: readonly {
  characterSet: string
  encoding: string
  fits: (text: string, bytes: Buffer) => boolean
  /** Wrong declarations that make it more likely. */
  hint?: RegExp
}[] = [
  { characterSet: 'ISO_IR 192', encoding: 'utf-8', fits: () => true },
  {
    characterSet: 'GB18030',
    encoding: 'gb18030',
    fits: (text, bytes) => CHINESE.test(text) && comesInPairs(bytes),
  },
  { characterSet: 'ISO_IR 100', encoding: 'latin1', fits: (text) => WESTERN.test(text) },
  { characterSet: 'GB18030', encoding: 'gb18030', fits: (text) => CHINESE.test(text) },
  {
    characterSet: 'ISO 2022 IR 149',
    encoding: 'euc-kr',
    fits: (text) => KOREAN.test(text),
    hint: /\b149\b/,
  },
  {
    characterSet: 'ISO_IR 13',
    encoding: 'shift_jis',
    fits: (text) => JAPANESE.test(text),
    hint: /\b(13|87|159)\b/,
  },
]
/** Declarations that begin with ASCII and need an escape sequence for anything else (PS3.3 §C.12.1.1.2). */
const BEGINS_AS_ASCII = /^((ISO_IR 6|ISO 2022 IR 6)?(\\.*)?|ISO 2022 IR (58|87|149|159))$/
const CHINESE = /^[\p{ASCII}\u3000-\u303f\u4e00-\u9fff\uff00-\uffef·]*$/u
const KOREAN = /^[\p{ASCII}\uac00-\ud7af\u4e00-\u9fff]*$/u
const JAPANESE = /^[\p{ASCII}\u3040-\u30ff\u4e00-\u9fff\uff61-\uff9f]*$/u
/** Single letters with accents among plain ones. */
const WESTERN = /^(\p{ASCII}|(?<![\u00a0-\u00ff])[\u00c0-\u00ff](?![\u00a0-\u00ff]))*$/u

/** Reads text by the data set's Specific Character Set and keeps its components; guesses if the declaration does not fit. */
export function readText(bytes: Buffer, specificCharacterSet: string, vr: string): ReadText {
  const trimmed = trimPadding(bytes)
  const declared = specificCharacterSet.trim()
  if (isPlain(trimmed)) {
    return { text: trimmed.toString('latin1'), characterSet: declared, isGuess: false }
  }
  const read = readDeclared(trimmed, declared, vr)
  if (read !== undefined && declared !== '' && !hasForeign(trimmed, declared, read, vr))
    return { text: read, characterSet: declared, isGuess: false }
  if (read !== undefined && declared !== '' && isCut(read) && strictly(trimmed, 'utf-8') === undefined)
    return { text: read, characterSet: declared, isGuess: true }
  const guess = guessAny(trimmed, declared)
  return guess ?? { text: read ?? trimmed.toString('latin1'), characterSet: declared, isGuess: true }
}

/** Returns the bytes of a text in a data set's character set; undefined if that cannot write it. */
export function writeText(text: string, specificCharacterSet: string): Buffer | undefined {
  if (isAscii(text)) return Buffer.from(text, 'latin1')
  const encoding = WRITABLE[specificCharacterSet.trim()]
  if (encoding === undefined) return undefined
  const bytes = encode(text, encoding)
  return decode(bytes, encoding) === text ? bytes : undefined
}

/**
 * Returns every encoding in which a data set may contain a text, regardless of its declaration, for searching. Without
 * duplicates.
 */
export function writeTextInAll(text: string): Buffer[] {
  const all = [...Object.values(WRITABLE), 'euc-kr', 'euc-jp', 'big5'].map((encoding) => {
    const bytes = encode(text, encoding)
    return decode(bytes, encoding) === text ? bytes : undefined
  })
  const found = new Map(all.flatMap((bytes) => (bytes === undefined ? [] : [[bytes.toString('hex'), bytes]])))
  return Array.from(found.values())
}

/**
 * Decides by the bytes; a declaration that does not fit is at most a hint. UTF-8, even cut off, is hard to mistake for
 * another.
 */
function guessAny(bytes: Buffer, declared: string): ReadText | undefined {
  const hinted = GUESSES.filter(({ hint }) => hint?.test(declared) === true)
  const [utf8, others] = [GUESSES.slice(0, 1), GUESSES.slice(1)]
  for (const guesses of [utf8, hinted, others]) {
    const guess = guessed(bytes, guesses) ?? (guesses === utf8 ? guessedCut(bytes, utf8) : undefined)
    if (guess !== undefined) return guess
  }
  return guessedCut(bytes, hinted) ?? guessedCut(bytes, others)
}

/** Decides by the bytes alone. */
function guessed(bytes: Buffer, guesses: typeof GUESSES): ReadText | undefined {
  for (const { characterSet, encoding, fits } of guesses) {
    const text = strictly(bytes, encoding)
    if (text !== undefined && fits(text, bytes)) return { text, characterSet, isGuess: true }
  }
  return undefined
}

/**
 * Devices cut text at a number of bytes, and so in the middle of a character; at least one other character must be
 * whole.
 */
function guessedCut(bytes: Buffer, guesses: typeof GUESSES): ReadText | undefined {
  for (let cut = 1; cut <= 3 && cut < bytes.length; cut++) {
    const whole = bytes.subarray(0, bytes.length - cut)
    const guess = isPlain(whole) ? undefined : guessed(whole, guesses)
    if (guess !== undefined) return { ...guess, text: `${guess.text}\ufffd` }
  }
  return undefined
}

/** Returns true if only the end could not be read. */
function isCut(text: string): boolean {
  const place = text.indexOf('\ufffd')
  return place > 0 && /^\ufffd+$/.test(text.slice(place))
}

function readDeclared(bytes: Buffer, declared: string, vr: string): string | undefined {
  // The escape back to ASCII is also used where it was not declared.
  const all = /ISO 2022(?!.*IR 6\b)/.test(declared) ? `${declared}\\ISO 2022 IR 6` : declared
  try {
    return convertBytes(all === '' ? undefined : all, bytes, { vr })
  } catch {
    return undefined
  }
}

/**
 * Returns true for a replacement character, or bytes beyond ASCII if the declaration has only ASCII and no escape
 * switches it.
 */
function hasForeign(bytes: Buffer, declared: string, text: string, vr: string): boolean {
  if (text.includes('\ufffd')) return true
  if (BEGINS_AS_ASCII.test(declared)) return !bytes.includes(0x1b)
  // Every byte is valid Latin 1. Devices that declare it and write UTF-8 or GB18030 are common; a text whose accented
  // letters all come in pairs is not.
  if (declared !== 'ISO_IR 100') return false
  if (strictly(bytes, 'utf-8') !== undefined) return true
  const whole = withoutHalfPair(bytes)
  const chinese = strictly(whole, 'gb18030')
  if (chinese === undefined || isPlain(whole) || !CHINESE.test(chinese)) return false
  const isGb2312 = whole.some((byte) => byte >= 0xa1) && comesInPairs(whole)
  return isGb2312 || (vr === 'PN' && isNoLatinName(whole) && isChineseName(chinese))
}

/** Between 80 and BF Latin 1 has controls and signs, which do not occur in names. */
const isNoLatinName = (bytes: Buffer): boolean => bytes.some((byte) => byte >= 0x80 && byte < 0xc0)

/**
 * A component group is in characters or in letters: a single character among letters was a sign, such as an apostrophe.
 */
const isChineseName = (text: string): boolean =>
  text.split('=').every((group) => !/[\u4e00-\u9fff]/.test(group) || !/[A-Za-z]/.test(group))

/** Returns the bytes without a single last byte in an encoding of pairs. */
function withoutHalfPair(bytes: Buffer): Buffer {
  const run = bytes.length - 1 - bytes.findLastIndex((byte) => byte < 0xa1)
  return run % 2 === 1 ? bytes.subarray(0, -1) : bytes
}

/** Returns true for the form of GB 2312: two bytes from A1 upwards, always. */
function comesInPairs(bytes: Buffer): boolean {
  let run = 0
  for (const byte of bytes) {
    if (byte >= 0xa1) run++
    else if (run % 2 === 1) return false
    else run = 0
  }
  return run % 2 === 0
}

function strictly(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function isPlain(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80 && byte !== 0x1b)
}

const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text)

function trimPadding(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end--
  return bytes.subarray(0, end)
}
