import { beforeAll, describe, expect, test } from '@jest/globals'
import { openPixelCodecs, type PixelCodecs } from '../../../src/agent/deidentify/pixels/pixel-codec.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { corpusFiles, describeWithCorpus } from '../../support/instances/corpus.ts'
import { profileWith } from './deidentify-element.ts'
import { CT, inventedImage } from './invented-image.ts'
import { deidentifyPixels, openPixelFile, type PixelFile, readPixelFile } from './pixel-file.ts'

const PLANTED = 'Hidden^Person 19700131 HIDDEN-77'
const looked = profileWith(['retain-uids'], { pixels: [{ when: {}, regions: [] }] })

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const word = (value: number): Buffer => Buffer.from([value >>> 8, value & 0xff])
const long = (value: number): Buffer => Buffer.concat([word(value >>> 16), word(value & 0xffff)])
const segment = (marker: number, content: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), word(content.length + 2), Buffer.from(content)])
const box = (type: string, content: Buffer | string): Buffer =>
  Buffer.concat([long(content.length + 8), Buffer.from(type), Buffer.from(content)])
const even = (bytes: Buffer): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])

/** Bytes of a frame: those that must stay, and those that must not be read any more. */
type Piece = { readonly stays: Buffer } | { readonly text: Buffer }
const stays = (...bytes: Buffer[]): Piece => ({ stays: Buffer.concat(bytes) })
/** A segment or the like: its first bytes stay, its text does not. */
const around = (whole: Buffer, text: string = PLANTED): Piece[] => {
  const at = whole.indexOf(text)
  return [
    stays(whole.subarray(0, at)),
    { text: whole.subarray(at, at + text.length) },
    stays(whole.subarray(at + text.length)),
  ]
}

const JFIF = hex('4a46494600 0101 00 0001 0001 00 00')
const JPEG_TABLES = [segment(0xdb, Buffer.alloc(65, 1)), segment(0xc4, Buffer.alloc(30, 2))]
const SCAN = (bytes: string): Buffer => Buffer.concat([segment(0xda, hex('01 01 00 00 3f 00')), hex(bytes)])
const JPEG: Piece[] = [
  stays(hex('ffd8'), segment(0xe0, JFIF)),
  ...around(segment(0xe1, `Exif\0\0${PLANTED}`), `Exif\0\0${PLANTED}`),
  ...around(segment(0xe1, PLANTED)),
  ...around(
    segment(0xee, Buffer.concat([Buffer.from('Adobe'), hex('0064 0000 0000 01'), Buffer.from(PLANTED)])),
  ),
  ...around(segment(0xee, `Ado${PLANTED}`)),
  ...around(segment(0xe0, Buffer.concat([JFIF, Buffer.from(PLANTED)]))),
  stays(...JPEG_TABLES, segment(0xc0, Buffer.alloc(15, 3)), hex('ffff')),
  ...around(segment(0xfe, PLANTED)),
  ...around(segment(0xf5, PLANTED)),
  stays(SCAN('11 22 ff00 33 ffd0 44 ff00 ffd1 55')),
  ...around(segment(0xfe, PLANTED)),
  stays(SCAN('66 77 ff00'), hex('ffd9')),
  { text: Buffer.from(PLANTED) },
  stays(hex('ffd8'), segment(0xda, hex('01 01 00 00 3f 00')), hex('1234ffd9')),
]
const JPEG_LS: Piece[] = [
  stays(hex('ffd8')),
  ...around(segment(0xe8, `mrfx\x01${PLANTED}`)),
  ...around(segment(0xfe, PLANTED)),
  stays(segment(0xf7, Buffer.alloc(9, 3)), segment(0xf8, Buffer.alloc(11, 1)), SCAN('11 ff7f ff01 22 ff55')),
  ...around(segment(0xe5, PLANTED)),
  stays(SCAN('33'), hex('ffd9')),
]
const coded = hex('01 02 ff8f 03 ff 64 00 04')
const tile = (psot: number, header: Buffer): Buffer =>
  Buffer.concat([segment(0x90, Buffer.concat([word(0), long(psot), hex('00 01')])), header, hex('ff93')])
const TILE_COMMENT = segment(0x64, Buffer.concat([word(1), Buffer.from(PLANTED)]))
const CODESTREAM: Piece[] = [
  stays(hex('ff4f'), segment(0x51, Buffer.alloc(36, 1)), segment(0x52, Buffer.alloc(10, 1))),
  ...around(segment(0x64, Buffer.concat([word(1), Buffer.from(PLANTED)]))),
  ...around(segment(0x7e, PLANTED)),
  ...around(tile(12 + TILE_COMMENT.length + 2 + coded.length, TILE_COMMENT)),
  stays(coded, tile(0, Buffer.alloc(0)), hex('09 ff8f ff 10 11'), hex('ffd9')),
]
const JPEG_2000: Piece[] = [...CODESTREAM, { text: Buffer.from(PLANTED) }]
const JP2: Piece[] = [
  stays(box('jP  ', hex('0d0a870a')), box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 '))),
  ...around(box('xml ', PLANTED)),
  stays(long(8 + 22 + 15 + PLANTED.length), Buffer.from('jp2h'), box('ihdr', Buffer.alloc(14, 1))),
  ...around(box('colr', Buffer.concat([hex('02 00 00 00 00 00 20'), Buffer.from(PLANTED)]))),
  ...around(
    Buffer.concat([long(1), Buffer.from('uuid'), long(0), long(16 + PLANTED.length), Buffer.from(PLANTED)]),
  ),
  stays(long(0), Buffer.from('jp2c')),
  ...CODESTREAM,
]
const nal = (header: string, ...content: Buffer[]): Buffer =>
  Buffer.concat([hex('00000001'), hex(header), ...content])
const message = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, content.length]), content])
const SLICE = hex('88 84 00 00 03 01 ff fe 00 00 03')
const withZeros = (text: string): Buffer[] => [Buffer.from(text), hex('00 00 03 20')]
/** The message's size counts the bytes between zeros only once (ISO/IEC 14496-10 §7.3.1). */
const SEI = Buffer.concat([
  message(1, hex('11 22')),
  Buffer.from([5, PLANTED.length + 3]),
  ...withZeros(PLANTED),
  message(1, hex('33 44')),
  hex('80'),
])
const H264: Piece[] = [
  stays(nal('67', hex('42 00 1e 95'))),
  ...around(nal('06', SEI)),
  ...around(nal('06', message(4, Buffer.from(PLANTED)), hex('80'))),
  stays(nal('65', SLICE)),
  ...around(nal('0c', Buffer.from(PLANTED))),
  ...around(nal('1e', Buffer.from(PLANTED))),
  stays(nal('41', SLICE)),
]
const HEVC: Piece[] = [
  stays(nal('4001', hex('0c 01')), nal('4201', hex('01 01'))),
  ...around(nal('4e01', SEI)),
  ...around(nal('5001', message(5, Buffer.from(PLANTED)), hex('80'))),
  stays(nal('2601', SLICE)),
  ...around(nal('6001', Buffer.from(PLANTED))),
]
const code = (value: string, ...content: Buffer[]): Buffer =>
  Buffer.concat([hex('000001'), hex(value), ...content])
const MPEG2: Piece[] = [
  stays(code('b3', hex('16 01 20 33')), code('b5', hex('14 82'))),
  ...around(code('b2', Buffer.from(PLANTED))),
  stays(code('b8', hex('00 08')), code('00', hex('00 0f'))),
  ...around(code('b2', Buffer.from(PLANTED))),
  stays(code('01', hex('12 34 00 00 56')), code('b7')),
]

const FORMS: readonly (readonly [string, string, readonly Piece[]])[] = [
  ['JPEG', TRANSFER_SYNTAX.JPEGBaseline8Bit, JPEG],
  ['lossless JPEG', TRANSFER_SYNTAX.JPEGLosslessSV1, JPEG],
  ['JPEG-LS', TRANSFER_SYNTAX.JPEGLSLossless, JPEG_LS],
  ['JPEG 2000', TRANSFER_SYNTAX.JPEG2000, JPEG_2000],
  ['HTJ2K', TRANSFER_SYNTAX.HTJ2K, JPEG_2000],
  ['JPEG 2000 in its file format', TRANSFER_SYNTAX.JPEG2000Lossless, JP2],
  ['H.264', TRANSFER_SYNTAX.MPEG4HP41, H264],
  ['HEVC', TRANSFER_SYNTAX.HEVCMP51, HEVC],
  ['MPEG-2', TRANSFER_SYNTAX.MPEG2MPML, MPEG2],
]
const bytesOf = (pieces: readonly Piece[]): Buffer =>
  even(Buffer.concat(pieces.map((piece) => ('text' in piece ? piece.text : piece.stays))))

function leaving(fragments: readonly Buffer[], uid: string, chunkBytes = 65_536): readonly Buffer[] {
  const file = inventedImage({ sopClassUid: CT, transferSyntaxUid: uid, fragments })
  return deidentifyPixels(file, looked, { chunkBytes }).fragments
}

describe.each(FORMS)('text in the frames of %s', (_, uid, pieces) => {
  const whole = bytesOf(pieces)

  test('text in a frame does not leave, and everything else leaves byte for byte at its place', () => {
    expect(whole.includes(PLANTED)).toBe(true)
    const [table, frame = Buffer.alloc(0)] = leaving([hex('00000000'), whole], uid)
    expect(table).toEqual(hex('00000000'))
    expect(frame).toHaveLength(whole.length)
    let at = 0
    for (const piece of pieces) {
      const bytes = 'text' in piece ? piece.text : piece.stays
      const left = frame.subarray(at, at + bytes.length)
      const [found, expected] = 'text' in piece ? [[], []] : [left, bytes]
      const texts = 'text' in piece ? left.filter((byte) => byte !== 0 && byte !== 0x20) : Buffer.alloc(0)
      expect({ at, bytes: found, texts }).toEqual({ at, bytes: expected, texts: Buffer.alloc(0) })
      at += bytes.length
    }
  })

  test('text in a frame is found however the frames are cut into pieces and fragments', () => {
    const [, frame = Buffer.alloc(0)] = leaving([Buffer.alloc(0), whole], uid)
    for (const chunkBytes of [1, 3, 17])
      expect(leaving([Buffer.alloc(0), whole], uid, chunkBytes)[1]).toEqual(frame)
    for (let at = 2; at < whole.length; at += 14) {
      const parts = leaving([Buffer.alloc(0), whole.subarray(0, at), whole.subarray(at)], uid)
      expect(Buffer.concat(parts.slice(1))).toEqual(frame)
    }
  })

  test('text is found in each of several frames', () => {
    const [, frame] = leaving([Buffer.alloc(0), whole], uid)
    expect(leaving([Buffer.alloc(0), whole, whole], uid).slice(1)).toEqual([frame, frame])
  })
})

const refused = (fragment: Buffer, uid: string, passDocuments = false): string => {
  const file = inventedImage({
    sopClassUid: CT,
    transferSyntaxUid: uid,
    fragments: [Buffer.alloc(0), fragment],
  })
  try {
    deidentifyPixels(file, { ...looked, passDocuments })
    return 'left'
  } catch (error) {
    return error instanceof Failure ? error.code : 'another error'
  }
}

test.each([
  ['an MP4 file', box('ftyp', 'isom'), TRANSFER_SYNTAX.MPEG4HP41],
  ['a transport stream', hex('47400010'), TRANSFER_SYNTAX.MPEG4HP41],
  ['a program stream', code('ba', hex('4400')), TRANSFER_SYNTAX.MPEG2MPML],
  ['what is no JPEG', Buffer.from('GIF89a'), TRANSFER_SYNTAX.JPEGBaseline8Bit],
  ['what is no JPEG 2000', hex('ffd8ffe0'), TRANSFER_SYNTAX.JPEG2000],
  ['JPEG XL', hex('ff0a1234'), TRANSFER_SYNTAX.JPEGXL],
  ['a private syntax', hex('12345678'), '1.2.3.4.5'],
])('%s is withheld unless documents may pass, since text may be anywhere in it', (_, fragment, uid) => {
  expect(refused(fragment, uid)).toBe('DEID_WITHHELD')
  expect(refused(fragment, uid, true)).toBe('left')
})

describeWithCorpus('compressed images of devices', () => {
  let codecs: PixelCodecs
  beforeAll(async () => {
    codecs = await openPixelCodecs()
  })

  test('images show the same after a comment with an identity was put into their frames and blanked', () => {
    const comments: Readonly<Record<string, Buffer>> = {
      ffd8: segment(0xfe, PLANTED),
      ff4f: segment(0x64, Buffer.concat([word(1), Buffer.from(PLANTED)])),
    }
    let compared = 0
    for (const { path, transferSyntaxUid, expect: quality } of corpusFiles()) {
      if (!transferSyntax(transferSyntaxUid).encapsulated || quality !== 'ok') continue
      const file = readPixelFile(path)
      const [table, first, ...others] = file.fragments
      const codec = codecs.codecFor(file.transferSyntaxUid, file.image)
      const kind = first?.toString('hex', 0, 2) ?? ''
      const comment = comments[kind]
      if (first === undefined || table === undefined || codec === undefined || comment === undefined) continue
      if (others.length > 0 || first.length > 4_000_000) continue
      // Behind SOI; in JPEG 2000 behind SIZ, which comes first.
      const place = kind === 'ffd8' ? 2 : 4 + first.readUInt16BE(4)
      const planted = even(Buffer.concat([first.subarray(0, place), comment, first.subarray(place)]))
      const image = inventedImage({
        sopClassUid: CT,
        transferSyntaxUid: file.transferSyntaxUid,
        fragments: [table, planted],
      })
      const [, left = Buffer.alloc(0)] = deidentifyPixels(image, looked).fragments
      expect(planted.includes(PLANTED)).toBe(true)
      expect(left.includes(PLANTED)).toBe(false)
      expect(codec.decode(left).equals(codec.decode(first))).toBe(true)
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  }, 60_000)
})

const KNOWN_ID = 'HIDDEN-4711'
const frameOf = (...segments: readonly Buffer[]): Buffer =>
  even(Buffer.concat([hex('ffd8'), ...segments, ...JPEG_TABLES, SCAN('1122'), hex('ffd9')]))
const RLE_HEADER = Buffer.concat([hex('01000000 40000000'), Buffer.alloc(56)])

test.each([
  [
    'a quantization table',
    TRANSFER_SYNTAX.JPEGBaseline8Bit,
    [Buffer.alloc(0), frameOf(segment(0xdb, KNOWN_ID))],
  ],
  ['the offset table', TRANSFER_SYNTAX.JPEGBaseline8Bit, [Buffer.from(`${KNOWN_ID} `), frameOf()]],
  [
    'the bytes after an RLE segment',
    TRANSFER_SYNTAX.RLELossless,
    [Buffer.alloc(0), Buffer.concat([RLE_HEADER, hex('c107'), Buffer.from(`${KNOWN_ID} `)])],
  ],
  [
    'a frame without compression',
    TRANSFER_SYNTAX.EncapsulatedUncompressedExplicitVRLittleEndian,
    [Buffer.alloc(0), Buffer.from(`${KNOWN_ID} `)],
  ],
] as const)('an image with its patient in %s, where no text belongs, does not leave', (_, uid, fragments) => {
  const leaves = (id: string): unknown => {
    const image = inventedImage({
      sopClassUid: CT,
      transferSyntaxUid: uid,
      fragments,
      more: [
        [TAG.PatientName, 'PN', 'Li'],
        [TAG.PatientID, 'LO', id],
      ],
    })
    return deidentifyPixels(image, looked)
  }
  expect(() => leaves(KNOWN_ID)).toThrow('its pixel data holds its patient as text')
  // The control: of another patient it does.
  expect(() => leaves('OTHER-0815')).not.toThrow()
})

const longer = (surplus: Buffer): PixelFile =>
  inventedImage({ sopClassUid: CT, pixelData: Buffer.concat([Buffer.alloc(12 * 16, 7), surplus]) })

test('pixel data that is longer than its image leaves only if zeros fill it up', () => {
  expect(() => deidentifyPixels(longer(Buffer.from('HIDDEN')), looked)).toThrow('6 bytes more')
  expect(() => deidentifyPixels(longer(Buffer.alloc(6)), looked)).not.toThrow()
  expect(() => deidentifyPixels(longer(Buffer.alloc(0)), looked)).not.toThrow()
})

test.each([
  ['DRI', 0xdd, hex('0000')],
  ['DNL', 0xdc, hex('0008')],
  ['a frame header', 0xc0, hex('08 0008 0008 01 01 11 00')],
  ['a scan header', 0xda, hex('01 01 00 00 3f 00')],
] as const)('text after the numbers of %s of a JPEG frame is blanked', (_, marker, numbers) => {
  const own = segment(marker, Buffer.concat([numbers, Buffer.alloc(2), Buffer.from(PLANTED)]))
  const [, frame = Buffer.alloc(0)] = leaving(
    [Buffer.alloc(0), frameOf(own)],
    TRANSFER_SYNTAX.JPEGBaseline8Bit,
  )
  expect(frame).toHaveLength(frameOf(own).length)
  expect(frame.includes('HIDDEN')).toBe(false)
  expect(frame.includes(numbers)).toBe(true)
})

test('the fragments of an image that has no text in them are the same', () => {
  const plain = Buffer.concat([hex('ffd8'), segment(0xe0, JFIF), ...JPEG_TABLES, SCAN('1122'), hex('ffd9')])
  const fragments = [hex('00000000'), even(plain)]
  const file = inventedImage({
    sopClassUid: CT,
    transferSyntaxUid: TRANSFER_SYNTAX.JPEGBaseline8Bit,
    fragments,
  })
  expect(openPixelFile(file.dataSet, file.transferSyntaxUid).fragments).toEqual(fragments)
  expect(deidentifyPixels(file, looked).fragments).toEqual(fragments)
})
