import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { HOSTILE_TEXTS } from './hostile-texts.ts'

const UNDEFINED_LENGTH = 0xffff_ffff
const SHORT_VRS = ['UI', 'CS', 'PN', 'US', 'LO', 'AE', 'DS', 'SH']
const LONG_VRS = ['OB', 'OW', 'SQ', 'UN', 'UT', 'OF']
const IDENTIFIERS = [
  TAG.SpecificCharacterSet,
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.Modality,
  TAG.PatientName,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
  TAG.PixelData,
]

/** A text that a UID or an AE title may be. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('1.2.3.4', '1.2.840.10008.5.1.4.1.1.2', 'FERRY') },
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  },
)

/** A length field: right, a little wrong, or far out. */
export function lengthOf(right: number, slip: number): number {
  const slips = [
    right,
    right,
    right,
    right,
    right + 1,
    right - 1,
    0,
    0xffff,
    UNDEFINED_LENGTH,
    0xffff_fffe,
    0x8000_0000,
  ]
  return (slips[slip % slips.length] ?? right) >>> 0
}

interface Node {
  readonly tag: number
  readonly vr: string
  readonly text: string
  readonly slip: number
  readonly children: readonly Node[]
  /** Implicit VR in the midst of explicit, items without delimiters. */
  readonly isOdd: boolean
}

const { node } = fc.letrec<{ node: Node; children: Node[] }>((tie) => ({
  node: fc.record({
    tag: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...IDENTIFIERS) },
      { weight: 1, arbitrary: fc.nat(0xffff_ffff) },
    ),
    vr: fc.constantFrom(...SHORT_VRS, ...LONG_VRS, '??', '\0\0'),
    text: hostileText,
    slip: fc.nat(40),
    children: tie('children'),
    isOdd: fc.nat(9).map((n) => n === 0),
  }),
  children: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: fc.constant<Node[]>([]) },
    { weight: 1, arbitrary: fc.array(tie('node'), { maxLength: 3 }) },
  ),
}))

/** Data sets with sequences, delimiters and lengths that are right or not; cut off, deflated, nested too deep, or noise. */
export const dataSet: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 6, arbitrary: fc.array(node, { maxLength: 8 }).map((nodes) => encodeNodes(sorted(nodes))) },
  {
    weight: 1,
    arbitrary: fc.array(node, { maxLength: 8 }).map((nodes) => deflateRawSync(encodeNodes(nodes))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .oneof(fc.nat(3_000), fc.constantFrom(17_000, 70_000))
      .map((length) => Buffer.alloc(length, 7)),
  },
  {
    weight: 1,
    arbitrary: fc.nat(80).map((depth) => Buffer.concat(Array.from({ length: depth }, () => OPEN_SEQUENCE))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(70), fc.nat(40)).map(([depth, slip]) => statedGroups(depth, slip)),
  },
)

const OPEN_SEQUENCE = Buffer.from('08004011535100 00ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex')

/** Transfer syntaxes to draw from. */
export const TRANSFER_SYNTAXES: readonly string[] = [
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.4.50',
  '1.3.46.670589.33.1.4.1',
]

/** Sequences within sequences, each in a group that states its length as devices of old do, right or not (PS3.5 §7.2). */
function statedGroups(depth: number, slip: number): Buffer {
  let content = encodeNode({
    tag: TAG.SOPInstanceUID,
    vr: 'UI',
    text: '1.2.3.4',
    slip: 0,
    children: [],
    isOdd: false,
  })
  for (let level = 0; level < depth; level++) {
    const [sequence, item] = [Buffer.from('0800401153510000', 'hex'), Buffer.from('feff00e0', 'hex')]
    const nested = Buffer.concat([sequence, long(content.length + 8), item, long(content.length), content])
    const stated = lengthOf(nested.length, level === 0 ? slip : 0)
    content = Buffer.concat([Buffer.from('08000000554c0400', 'hex'), long(stated), nested])
  }
  return content
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function sorted(nodes: readonly Node[]): Node[] {
  return nodes.toSorted((a, b) => a.tag - b.tag)
}

function encodeNodes(nodes: readonly Node[]): Buffer {
  return Buffer.concat(nodes.map(encodeNode))
}

function encodeNode({ tag, vr, text, slip, children, isOdd }: Node): Buffer {
  const value = children.length > 0 ? encodeItems(children, isOdd) : Buffer.from(text, 'latin1')
  const head = Buffer.alloc(LONG_VRS.includes(vr) && !isOdd ? 12 : 8)
  head.writeUInt16LE(tag >>> 16, 0)
  head.writeUInt16LE(tag & 0xffff, 2)
  const length = lengthOf(value.length, slip)
  if (isOdd) head.writeUInt32LE(length, 4)
  else {
    head.write(vr, 4, 'latin1')
    if (head.length === 12) head.writeUInt32LE(length, 8)
    else head.writeUInt16LE(length & 0xffff, 6)
  }
  return Buffer.concat([head, value])
}

function encodeItems(children: readonly Node[], isOdd: boolean): Buffer {
  const body = encodeNodes(children)
  const head = Buffer.from('feff00e000000000', 'hex')
  head.writeUInt32LE(isOdd ? UNDEFINED_LENGTH : body.length, 4)
  const ends = Buffer.from('feff0de000000000feffdde000000000', 'hex')
  return Buffer.concat([head, body, isOdd ? ends : ends.subarray(8)])
}
