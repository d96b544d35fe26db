import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import type { RequestedAssociation } from '../../../src/dimse/scu/requested-association.ts'

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const MIB = 1024 * 1024

type Source = Parameters<RequestedAssociation['store']>[0]['dataSet']

/** Data sets in the deflated syntax that harm whoever inflates, or waits for what inflates, without a limit. */
export const DEFLATED_HARM: readonly [what: string, dataSet: () => Source][] = [
  ['makes a thousand bytes of one', () => once(bomb())],
  ['consists of empty blocks', () => repeated(Buffer.from('000000ffff'.repeat(40_000), 'hex'), 1000)],
  ['ends at once and goes on with noise', () => ended()],
]

/** An element of 512 MiB of zeros as some 500 KiB. */
function bomb(): Buffer {
  const head = Buffer.from('080001004f420000', 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(512 * MIB)
  const mib = deflateRawSync(Buffer.alloc(MIB), { finishFlush: 3 })
  return Buffer.concat([
    deflateRawSync(Buffer.concat([head, length]), { finishFlush: 3 }),
    ...Array<Buffer>(512).fill(mib),
  ])
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function* repeated(bytes: Buffer, count: number): AsyncGenerator<Buffer> {
  for (let left = count; left > 0; left--) yield bytes
}

async function* ended(): AsyncGenerator<Buffer> {
  yield deflateRawSync(Buffer.alloc(0))
  yield* repeated(randomBytes(MIB), 200)
}

/** Data sets whose lengths say more than there is. */
export const OVERSIZE_LENGTHS: readonly [what: string, dataSet: Buffer][] = [
  ['an element of 4 GiB', Buffer.from('080008004f420000feffffff0102', 'hex')],
  ['pixel data of 4 GiB', Buffer.from('e07f10004f570000feffffff0102', 'hex')],
  ['a sequence of 4 GiB', Buffer.from('0800401153510000feffffff', 'hex')],
  ['an item of 4 GiB', Buffer.from('0800401153510000fffffffffeff00e0feffffff', 'hex')],
  [
    'sequences nested 10,000 deep',
    Buffer.from('0800401153510000fffffffffeff00e0ffffffff'.repeat(10_000), 'hex'),
  ],
  ['a fragment of 4 GiB', Buffer.from('e07f10004f420000fffffffffeff00e0feffffff', 'hex')],
]

/** A data set in Explicit VR Little Endian that names itself by any texts at all. */
export function namedInstance(sopInstance: string, study: string, series: string): Buffer {
  return Buffer.concat([
    element(TAG.SOPClassUID, CT_IMAGE_STORAGE),
    element(TAG.SOPInstanceUID, sopInstance),
    element(TAG.StudyInstanceUID, study),
    element(TAG.SeriesInstanceUID, series),
    Buffer.from('e07f10004f5700000400000000010203', 'hex'),
  ])
}

function element(tag: number, text: string): Buffer {
  const value = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1')
  const head = Buffer.alloc(8)
  head.writeUInt16LE(tag >>> 16, 0)
  head.writeUInt16LE(tag & 0xffff, 2)
  head.write('UI', 4, 'latin1')
  head.writeUInt16LE(value.length, 6)
  return Buffer.concat([head, value])
}
