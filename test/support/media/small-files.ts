import { crc32, deflateSync } from 'node:zlib'
import { encode } from 'iconv-lite'
import type { MediaKind } from '../../../src/media/recognize.ts'

/** One small file of each kind, made without any tool. */
export const SMALL_FILES: readonly (readonly [MediaKind, Buffer])[] = [
  ['jpeg', smallJpeg()],
  ['png', smallPng()],
  ['bmp', smallBmp()],
  [
    'pdf',
    Buffer.from('%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF', 'latin1'),
  ],
  ['cda', smallCda('UTF-8')],
  ['stl', smallStl()],
  ['zip', Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)])],
]

export function smallFile(kind: MediaKind): Buffer {
  const found = SMALL_FILES.find(([one]) => one === kind)
  if (found === undefined) throw new Error(`no small file of the kind ${kind}`)
  return found[1]
}

/** A grey image of 8 by 8 pixels with a comment and a stuffed byte; its tables are not complete. */
export function smallJpeg(): Buffer {
  return Buffer.concat([
    hex('ffd8'),
    segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')),
    segment(0xfe, Buffer.from('ZHANG^SAN')),
    segment(0xdb, Buffer.concat([hex('00'), Buffer.alloc(64, 1)])),
    segment(0xc0, hex('0800080008010111 00')),
    segment(0xc4, Buffer.concat([hex('00'), Buffer.alloc(15), hex('0100')])),
    segment(0xda, hex('0101000 03f00')),
    hex('12ff0034ffd056'),
    hex('ffd9'),
  ])
}

function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

function smallPng(): Buffer {
  const rows = Buffer.concat([0, 1].map((row) => Buffer.from([0, row, 2, 3])))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', hex('00000003 00000002 08 00 00 00 00')),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** A chunk with its length and checksum. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

function smallBmp(): Buffer {
  const header = Buffer.alloc(54)
  header.write('BM', 'latin1')
  header.writeUInt32LE(54 + 8 * 2, 2)
  header.writeUInt32LE(54, 10)
  header.writeUInt32LE(40, 14)
  header.writeInt32LE(2, 18)
  header.writeInt32LE(2, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(24, 28)
  return Buffer.concat([header, Buffer.from(Array.from({ length: 16 }, (_, i) => i))])
}

/** Declares the given encoding and is written in it. */
export function smallCda(encoding: 'UTF-8' | 'UTF-16' | 'GB18030'): Buffer {
  return encode(
    `<?xml version="1.0" encoding="${encoding}"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="A7"/><title>胃镜报告</title><component/></ClinicalDocument>`,
    encoding,
  )
}

function smallStl(): Buffer {
  const bytes = Buffer.alloc(84 + 2 * 50)
  bytes.writeUInt32LE(2, 80)
  return bytes
}

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex')
}
