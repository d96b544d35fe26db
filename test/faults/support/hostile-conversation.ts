import fc from 'fast-check'
import {
  ABORT,
  associateRequest,
  command,
  dataPdu,
  echoCommand,
  item,
  pdu,
  pdv,
  type RawContext,
  RELEASE_REQUEST,
  storeCommand,
  UID,
} from '../../support/peers/raw-association.ts'
import type { HostileCase } from './hostile-case.ts'
import { dataSet, hostileText, lengthOf, TRANSFER_SYNTAXES } from './hostile-data-set.ts'
import { cutAt } from './hostile-mutation.ts'

const NOTHING = Buffer.alloc(0)

/** One PDV as it is to be sent: its header may lie. */
interface Piece {
  readonly contextId: number
  readonly control: number
  readonly value: Buffer
}

const usually = <Value>(value: Value, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others })

const context: fc.Arbitrary<RawContext> = fc.record({
  id: usually(1, fc.nat(255)),
  abstractSyntax: usually<string>(UID.ctImageStorage, hostileText),
  transferSyntaxes: fc.array(fc.oneof(fc.constantFrom(...TRANSFER_SYNTAXES), hostileText), { maxLength: 3 }),
})

const userItem = fc
  .tuple(
    fc.constantFrom(0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x00),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([type, value]) => item(type, Buffer.from(value)))

/** Mostly the usual request, whose context 1 takes CT images in a syntax to be drawn. */
const request: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...TRANSFER_SYNTAXES)
      .map((syntax) => associateRequest({ contexts: usual(syntax) })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        calling: hostileText.map(aeTitle),
        called: hostileText.map(aeTitle),
        contexts: fc.array(context, { maxLength: 6 }),
        maxPduLength: fc.constantFrom(0, 1, 6, 7, 16_384, 0xffff_ffff),
        protocolVersion: usually(1, fc.nat(0xffff)),
        applicationContext: usually('1.2.840.10008.3.1.1.1', hostileText),
        userItems: fc.array(userItem, { maxLength: 3 }),
      })
      .map(associateRequest),
  },
  { weight: 1, arbitrary: fc.nat(300).map((count) => associateRequest({ contexts: manyContexts(count) })) },
)

function usual(syntax: string): RawContext[] {
  return [
    { id: 1, abstractSyntax: UID.ctImageStorage, transferSyntaxes: [syntax] },
    { id: 3, abstractSyntax: UID.verification, transferSyntaxes: [UID.implicitVrLittleEndian] },
    { id: 5, abstractSyntax: UID.worklist, transferSyntaxes: [UID.implicitVrLittleEndian] },
    { id: 7, abstractSyntax: UID.storageCommitment, transferSyntaxes: [UID.implicitVrLittleEndian] },
  ]
}

function aeTitle(text: string): string {
  return text.slice(0, 16)
}

function manyContexts(count: number): RawContext[] {
  return Array.from({ length: count }, (_, index) => ({
    id: (2 * index + 1) & 255,
    abstractSyntax: UID.ctImageStorage,
    transferSyntaxes: [UID.explicitVrLittleEndian],
  }))
}

/** Where a value is cut into fragments, in ten-thousandths of its length. */
const cuts = fc.array(fc.nat(10_000), { maxLength: 4 })

const contextId = usually(1, fc.nat(8))
const messageId = fc.nat(0xffff)

/** C-STORE: command and data set in fragments of any size. */
const store: fc.Arbitrary<Piece[]> = fc
  .tuple(
    contextId,
    messageId,
    usually('1.2.3.4.5', hostileText),
    usually(0x0001, fc.nat(0x0200)),
    dataSet,
    cuts,
    cuts,
  )
  .map(([id, message, sopInstance, dataSetType, bytes, commandCuts, dataCuts]) => [
    ...pieces(id, 1, storeCommand({ messageId: message, sopInstance, dataSetType }), commandCuts),
    ...pieces(id, 0, bytes, dataCuts),
  ])

const FIELDS = [
  0x0001, 0x0020, 0x0021, 0x0010, 0x0030, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150, 0x0fff,
]
const ELEMENTS = [
  0, 0x0002, 0x0003, 0x0100, 0x0110, 0x0120, 0x0700, 0x0800, 0x0900, 0x1000, 0x1001, 0x1002, 0x1008,
]

/** Any other message: elements missing, twice, too long, of a wrong kind. */
const other: fc.Arbitrary<Piece[]> = fc
  .tuple(
    contextId.map((id) => id + 2),
    fc.oneof(fc.constantFrom(...FIELDS), fc.nat(0xffff)),
    fc.constantFrom(0x0101, 0x0101, 0x0001),
    fc.array(fc.tuple(fc.constantFrom(...ELEMENTS), fc.oneof(hostileText, fc.nat(0xffff)), fc.nat(20)), {
      maxLength: 5,
    }),
    dataSet,
  )
  .map(([id, field, dataSetType, more, bytes]) => [
    ...pieces(
      id,
      1,
      Buffer.concat([command({ 0x0100: field, 0x0110: 9, 0x0800: dataSetType }), ...more.map(element)]),
      [],
    ),
    ...(dataSetType === 0x0101 ? [] : pieces(id, 0, bytes, [])),
  ])

function element([number, value, slip]: [number, string | number, number]): Buffer {
  const one = command({ [number]: value }).subarray(12)
  one.writeUInt32LE(lengthOf(one.length - 8, slip), 4)
  return one
}

/** N-ACTION and its kin on the context of storage commitment, and answers to what we report back there. */
const service: fc.Arbitrary<Piece[]> = fc
  .tuple(fc.constantFrom(0x0130, 0x0100, 0x0120, 0x0140, 0x8100), hostileText, dataSet, fc.nat(3))
  .map(([field, instance, bytes, answered]) => [
    ...pieces(
      7,
      1,
      command({
        0x0002: UID.storageCommitment,
        0x0003: UID.storageCommitment,
        0x0100: field,
        0x0110: 9,
        0x0120: answered,
        0x0800: field === 0x8100 ? 0x0101 : 1,
        0x0900: 0,
        0x1000: instance,
        0x1001: instance,
        0x1002: 1,
        0x1008: 1,
      }),
      [],
    ),
    ...(field === 0x8100 ? [] : pieces(7, 0, bytes, [])),
  ])

const echo: fc.Arbitrary<Piece[]> = messageId.map((id) => pieces(3, 1, echoCommand(id), []))

const slippedPiece: fc.Arbitrary<Piece[]> = fc
  .record({
    contextId: fc.nat(255),
    control: fc.nat(255),
    value: fc.uint8Array({ maxLength: 40 }).map((it) => Buffer.from(it)),
  })
  .map((piece) => [piece])

const messages = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: store },
    { weight: 2, arbitrary: echo },
    { weight: 2, arbitrary: other },
    { weight: 2, arbitrary: service },
    { weight: 1, arbitrary: slippedPiece },
  ),
  { maxLength: 4 },
)

/** How many PDVs a PDU takes; the PDUs between which something is inserted that does not belong there. */
const layout = fc.record({
  perPdu: fc.integer({ min: 1, max: 4 }),
  strayAt: fc.nat(12),
  stray: fc.constantFrom(...strays()),
})

function strays(): Buffer[] {
  const whole = [
    RELEASE_REQUEST,
    ABORT,
    associateRequest(),
    dataPdu(),
    pdu(6, Buffer.alloc(4)),
    pdu(0x99, Buffer.alloc(9)),
  ]
  return [
    ...whole,
    Buffer.of(4, 0, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(1, 0, 0xff, 0xff, 0xff, 0xff),
    ...Array.from({ length: 18 }, () => NOTHING),
  ]
}

function pieces(id: number, kind: number, bytes: Buffer, places: readonly number[]): Piece[] {
  const ends = places.map((place) => Math.floor((place * bytes.length) / 10_000))
  const parts = bytes.length === 0 ? [bytes] : cutAt(bytes, ends)
  return parts.map((value, index) => ({
    contextId: id,
    control: kind | (index === parts.length - 1 ? 2 : 0),
    value,
  }))
}

function pdus(
  list: readonly Piece[],
  { perPdu, strayAt, stray }: { perPdu: number; strayAt: number; stray: Buffer },
): Buffer {
  const found: Buffer[] = []
  for (let at = 0; at < list.length; at += perPdu)
    found.push(
      dataPdu(
        ...list.slice(at, at + perPdu).map((piece) => pdv(piece.contextId, piece.control, piece.value)),
      ),
    )
  found.splice(strayAt, 0, stray)
  return Buffer.concat(found)
}

/** All bytes that one peer sends, built to be nearly right. */
export const conversation: fc.Arbitrary<Buffer> = fc
  .tuple(request, messages, layout, fc.boolean())
  .map(([asked, list, arranged, isReleased]) =>
    Buffer.concat([asked, pdus(list.flat(), arranged), isReleased ? RELEASE_REQUEST : NOTHING]),
  )

/** Noise, before or behind an association request. */
export const noise: fc.Arbitrary<Buffer> = fc
  .tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 }))
  .map(([isAssociated, bytes]) => Buffer.concat([isAssociated ? associateRequest() : NOTHING, bytes]))

/** Nothing wrong at all: whatever was played before, each of its instances is answered with Success. */
export function honestConversation(dataSets: readonly Buffer[]): HostileCase {
  const stores = dataSets.map((bytes, index) => {
    const list = [
      ...pieces(1, 1, storeCommand({ messageId: index + 1 }), []),
      ...pieces(1, 0, bytes, [3_333, 6_666]),
    ]
    return pdus(list, { perPdu: 2, strayAt: 9, stray: NOTHING })
  })
  const segments = [associateRequest(), ...stores, dataPdu(pdv(3, 3, echoCommand(99))), RELEASE_REQUEST]
  return { segments, sink: 'slow', ending: 'silence', honestStores: dataSets.length }
}
