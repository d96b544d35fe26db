import { TextDecoder } from 'node:util'
import { whenAsked } from '../dicom/vocabulary/remembering.ts'

/** Encodings of one byte a character, as the WHATWG Encoding Standard calls them. */
const SINGLE_BYTE =
  'windows-1252 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-13 windows-1254 iso-8859-15 ' +
  'windows-874 windows-1250 windows-1251 windows-1253 koi8-r macintosh'
const DOUBLE_BYTE = 'big5 euc-kr euc-jp shift_jis'
const [LINE_FEED, JIS_X_0212] = [0x0a, 0x8f]

type Encoder = (character: string) => Buffer | undefined

/**
 * Returns a text in every encoding that can write it, without doubles. The tables are made here, by decoding all codes with
 * the runtime's decoders: this shares no code and no list with what removes identity, so that an encoding that is missing
 * there is not missing here, too.
 */
export function encodeInAll(text: string): Buffer[] {
  const all = [
    Buffer.from(text, 'utf8'),
    ...ENCODERS().flatMap((encode) => {
      const characters = Array.from(text, encode)
      return characters.includes(undefined) ? [] : [Buffer.concat(characters.map((one) => one ?? EMPTY))]
    }),
  ]
  return Array.from(new Map(all.map((bytes) => [bytes.toString('latin1'), bytes])).values())
}

const EMPTY = Buffer.alloc(0)
/** Made when the first text is looked for, since the tables take a quarter of a second. */
const ENCODERS = whenAsked((): readonly Encoder[] => {
  const [ones, twos] = [singleBytes(), pairs()]
  const [gb18030, fourBytes] = [
    encoderOf('gb18030', [...ones, ...twos]),
    encoderOf('gb18030', fourByteCodes()),
  ]
  return [
    ...SINGLE_BYTE.split(' ').map((name) => encoderOf(name, ones)),
    ...DOUBLE_BYTE.split(' ').map((name) => encoderOf(name, [...ones, ...twos])),
    encoderOf('euc-jp', [...ones, ...twos, ...supplementary()]),
    (character) => gb18030(character) ?? fourBytes(character) ?? beyondBmp(character),
  ]
})

/** The first code of a character counts. */
function encoderOf(encoding: string, codes: readonly (readonly number[])[]): Encoder {
  const decoder = new TextDecoder(encoding)
  // A line feed is not part of any code, so an invalid code does not take from the next one.
  const decoded = decoder.decode(Buffer.from(codes.flatMap((code) => [...code, LINE_FEED]))).split('\n')
  const table = new Map<string, Buffer>()
  for (const [i, character] of decoded.entries()) {
    const code = codes[i]
    const isOne = Array.from(character).length === 1 && character !== '\ufffd'
    if (isOne && code !== undefined && !table.has(character)) table.set(character, Buffer.from(code))
  }
  return (character) => table.get(character) ?? (character === '\n' ? Buffer.from([LINE_FEED]) : undefined)
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

const singleBytes = (): number[][] =>
  range(1, 0xff)
    .filter((byte) => byte !== LINE_FEED)
    .map((byte) => [byte])

const pairs = (): number[][] =>
  range(0x81, 0xfe).flatMap((first) => range(0x40, 0xfe).map((second) => [first, second]))

const supplementary = (): number[][] =>
  range(0xa1, 0xfe).flatMap((first) => range(0xa1, 0xfe).map((second) => [JIS_X_0212, first, second]))

/** GB 18030 has codes of four bytes for everything that is not in GBK; rarer characters of names are among it. */
const fourByteCodes = (): number[][] => range(0, 39_419).map((linear) => fourBytes(0x81, linear))

/** From U+10000 on they are in the order of Unicode. */
function beyondBmp(character: string): Buffer | undefined {
  const point = character.codePointAt(0) ?? 0
  return point < 0x1_0000 ? undefined : Buffer.from(fourBytes(0x90, point - 0x1_0000))
}

const fourBytes = (first: number, linear: number): number[] => [
  first + Math.floor(linear / 12_600),
  0x30 + (Math.floor(linear / 1260) % 10),
  0x81 + (Math.floor(linear / 10) % 126),
  0x30 + (linear % 10),
]
