import { writeText } from '../dicom/text/text.ts'

/** The text of a message, and how it was read. */
interface Hl7Text {
  readonly text: string
  /** A label of the Encoding Standard, such as `gb18030`. */
  readonly encoding: string
}

/** HL7 table 0211, without signs and case, and names that are used for the same. */
const ENCODINGS: Readonly<Record<string, string>> = {
  UNICODEUTF8: 'utf-8',
  UTF8: 'utf-8',
  UNICODE: 'utf-8',
  GB180302000: 'gb18030',
  GB18030: 'gb18030',
  GBK: 'gb18030',
  GB2312: 'gb18030',
  BIG5: 'big5',
  KSX1001: 'euc-kr',
  ISOIR87: 'iso-2022-jp',
  '88592': 'iso-8859-2',
  '88595': 'iso-8859-5',
  '88596': 'iso-8859-6',
  '88597': 'iso-8859-7',
  '88598': 'iso-8859-8',
  '88591': 'latin1',
  '885915': 'iso-8859-15',
}

/**
 * Decodes a whole message before anything is split: in GBK and GB18030 the second byte of a character can be a separator
 * (`\ | ^ ~` are 5C 7C 5E 7E). MSH-18 counts if the bytes agree with it; otherwise strict UTF-8, then GB18030.
 */
export function readHl7Text(bytes: Buffer): Hl7Text {
  const declared = declaredEncoding(bytes)
  for (const encoding of declared === undefined ? UNDECLARED : [declared, ...UNDECLARED]) {
    const text = strictly(bytes, encoding)
    if (text !== undefined) return { text, encoding }
  }
  // Some character is damaged: the rest is readable, and U+FFFD in a name matches nothing.
  const encoding = declared ?? 'gb18030'
  return { text: new TextDecoder(encoding).decode(bytes), encoding }
}

/** Encodes an answer in the encoding of the message that it answers; ASCII if that cannot write it. */
export function writeHl7Text(text: string, encoding: string): Buffer {
  const characterSet = encoding === 'utf-8' ? 'ISO_IR 192' : encoding === 'gb18030' ? 'GB18030' : ''
  return writeText(text, characterSet) ?? Buffer.from(text.replace(/[^\p{ASCII}]/gu, '?'), 'latin1')
}

const UNDECLARED = ['utf-8', 'gb18030']

function declaredEncoding(bytes: Buffer): string | undefined {
  const end = bytes.findIndex((byte) => byte === 0x0d || byte === 0x0a)
  const segment = bytes.subarray(0, end < 0 ? bytes.length : end)
  const text = strictly(segment, 'utf-8') ?? new TextDecoder('gb18030').decode(segment)
  const name = text.split(text[3] ?? '|')[17]?.split(text[5] ?? '~')[0] ?? ''
  return ENCODINGS[
    name
      .toUpperCase()
      .replace(/^ISO(?!IR)/, '')
      .replace(/[^A-Z0-9]/g, '')
  ]
}

function strictly(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
