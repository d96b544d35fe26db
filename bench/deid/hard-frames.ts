import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { encodeDataSet } from '../study/elements.ts'
import { type HardCase, imageCase, imageElements } from './hard-case.ts'
import { type Person, waysToWrite } from './people.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const word = (value: number): Buffer => Buffer.from([value >>> 8, value & 0xff])
const long = (value: number): Buffer => Buffer.concat([word(value >>> 16), word(value & 0xffff)])
const segment = (marker: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), word(content.length + 2), content])
const box = (type: string, content: Buffer): Buffer =>
  Buffer.concat([long(content.length + 8), Buffer.from(type), content])

const TABLE = segment(0xdb, Buffer.alloc(65, 1))
const FRAME_HEADER = segment(0xc0, hex('08 0008 0008 01 01 11 00'))
const LS_FRAME_HEADER = segment(0xf7, hex('08 0008 0008 01 01 11 00'))
const SCAN = Buffer.concat([segment(0xda, hex('01 01 00 00 3f 00')), hex('11 22 ff00 33 44')])
const SIZE = segment(0x51, Buffer.alloc(38, 1))
const TILE = Buffer.concat([segment(0x90, hex('0000 00000000 0001')), hex('ff93 11 22 33 44')])
const CODESTREAM = (text: Buffer): Buffer =>
  Buffer.concat([hex('ff4f'), SIZE, segment(0x64, Buffer.concat([word(1), text])), TILE, hex('ffd9')])
const RLE_HEADER = Buffer.concat([hex('01000000 40000000'), Buffer.alloc(56)])
const RLE_SEGMENT = hex('c1 07')
const message = (text: Buffer): Buffer =>
  Buffer.concat([hex('05'), Buffer.from([text.length + 16]), Buffer.alloc(16, 9), text, hex('80')])

interface Place {
  readonly name: string
  readonly syntax: string
  readonly frame: (text: Buffer) => Buffer
  readonly expected: HardCase['expected']
}

const jpeg = (...segments: Buffer[]): Buffer =>
  Buffer.concat([hex('ffd8'), ...segments, TABLE, FRAME_HEADER, SCAN, hex('ffd9')])

const PLACES: readonly Place[] = [
  ...[0xfe, 0xe1, 0xed, 0xef].map((marker) => ({
    name: `JPEG, segment FF${marker.toString(16)}`,
    syntax: TRANSFER_SYNTAX.JPEGBaseline8Bit,
    frame: (text: Buffer) => jpeg(segment(marker, text)),
    expected: 'leaves' as const,
  })),
  {
    name: 'JPEG, after its end',
    syntax: TRANSFER_SYNTAX.JPEGLosslessSV1,
    frame: (text) => Buffer.concat([jpeg(), text]),
    expected: 'leaves',
  },
  {
    name: 'JPEG, in a table that is too long',
    syntax: TRANSFER_SYNTAX.JPEGBaseline8Bit,
    frame: (text) => jpeg(segment(0xdb, Buffer.concat([Buffer.alloc(65, 1), text]))),
    expected: 'withheld',
  },
  {
    name: 'JPEG-LS, comment',
    syntax: TRANSFER_SYNTAX.JPEGLSLossless,
    frame: (text) => Buffer.concat([hex('ffd8'), segment(0xfe, text), LS_FRAME_HEADER, SCAN, hex('ffd9')]),
    expected: 'leaves',
  },
  {
    name: 'JPEG 2000, comment',
    syntax: TRANSFER_SYNTAX.JPEG2000Lossless,
    frame: CODESTREAM,
    expected: 'leaves',
  },
  {
    name: 'HTJ2K, comment',
    syntax: TRANSFER_SYNTAX.HTJ2KLossless,
    frame: CODESTREAM,
    expected: 'leaves',
  },
  {
    name: 'JP2, box',
    syntax: TRANSFER_SYNTAX.JPEG2000Lossless,
    frame: (text) =>
      Buffer.concat([
        box('jP  ', hex('0d0a870a')),
        box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ')),
        box('xml ', text),
        long(0),
        Buffer.from('jp2c'),
        CODESTREAM(text),
      ]),
    expected: 'leaves',
  },
  {
    name: 'H.264, message',
    syntax: TRANSFER_SYNTAX.MPEG4HP41,
    frame: (text) => Buffer.concat([hex('00000001 06'), message(text), hex('00000001 65 88 84 11')]),
    expected: 'leaves',
  },
  {
    name: 'HEVC, message',
    syntax: TRANSFER_SYNTAX.HEVCMP51,
    frame: (text) => Buffer.concat([hex('00000001 4e01'), message(text), hex('00000001 2601 88 84 11')]),
    expected: 'leaves',
  },
  {
    name: 'MPEG-2, user data',
    syntax: TRANSFER_SYNTAX.MPEG2MPML,
    frame: (text) => Buffer.concat([hex('000001b3 0800 08'), hex('000001b2'), text, hex('00000101 12 34')]),
    expected: 'leaves',
  },
  {
    name: 'MP4, box',
    syntax: TRANSFER_SYNTAX.MPEG4HP41,
    frame: (text) => Buffer.concat([box('ftyp', Buffer.from('isom')), box('udta', text)]),
    expected: 'withheld',
  },
  {
    name: 'RLE, after a segment',
    syntax: TRANSFER_SYNTAX.RLELossless,
    frame: (text) => Buffer.concat([RLE_HEADER, RLE_SEGMENT, text]),
    expected: 'withheld',
  },
]

const even = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)])
const reversed = (bytes: Buffer): Buffer => Buffer.from(bytes.toReversed())
const item = (content: Buffer): Buffer =>
  Buffer.concat([hex('feff00e0'), reversed(long(content.length)), content])

/** Text in each place of compressed frames that can hold text. */
export function hardFrames(person: Person): HardCase[] {
  return PLACES.map(({ name, syntax, frame, expected }, i) => {
    const ways = waysToWrite(person).filter((way) => Buffer.byteLength(way) < 60)
    // If nothing is blanked, only known values are found, in the spelling of the data set.
    const way = expected === 'withheld' ? `${person.name} ${person.id}` : (ways[i % ways.length] ?? '')
    const head = encodeDataSet(imageElements(person, [], [TAG.PixelData]))
    const pixels = Buffer.concat([
      hex('e07f1000 4f42 0000 ffffffff'),
      item(Buffer.alloc(0)),
      item(even(frame(Buffer.from(way)))),
      hex('feffdde0 00000000'),
    ])
    return imageCase(`text in frames: ${name}`, person, Buffer.concat([head, pixels]), {
      transferSyntaxUid: syntax,
      expected,
    })
  })
}
