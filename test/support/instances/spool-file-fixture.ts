import { createHash, randomBytes } from 'node:crypto'
import { Sealer } from '../../../src/age/sealer.ts'
import { parseRecipient } from '../../../src/age/x25519-keys.ts'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import type { ManifestInstance } from '../../../src/protocol/manifest.ts'
import { encodePackHeader } from '../../../src/protocol/pack.ts'
import {
  type Envelope,
  encodeEnvelope,
  encodeTrailer,
  type Trailer,
} from '../../../src/protocol/spool-file.ts'
import { studyKeyOf } from '../../../src/protocol/study-key.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'

export const CT = '1.2.840.10008.5.1.4.1.1.2'
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

export function newUid(): string {
  return `2.25.${BigInt(`0x${randomBytes(15).toString('hex')}`)}`
}

/** A spool file as an agent might send it, right or wrong. */
export interface SpoolFixture {
  readonly bytes: Buffer
  readonly envelope: Envelope
  readonly trailer: Trailer
  /** The DICOM file that was sealed. */
  readonly part10: Buffer
}

interface SpoolFixtureOptions {
  readonly recipients: readonly string[]
  readonly dataSet?: Buffer
  readonly envelope?: Partial<Envelope>
  /** File meta information, where it differs from the envelope. */
  readonly header?: Partial<Pick<Envelope, 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'>>
  readonly trailer?: Partial<Trailer>
  /** Instead of the age file over the DICOM file. */
  readonly sealed?: Buffer
}

/** Builds a spool file from the protocol's and age's own parts; every option but `recipients` makes it special. */
export function spoolFile(options: SpoolFixtureOptions): SpoolFixture {
  const names = {
    sopInstanceUid: newUid(),
    studyInstanceUid: newUid(),
    seriesInstanceUid: newUid(),
    ...options.envelope,
  }
  const header = encodePart10Header({
    sopClassUid: CT,
    sopInstanceUid: names.sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    ...options.header,
  })
  const dataSet = options.dataSet ?? ctDataSet(names)
  const part10 = Buffer.concat([header, dataSet])
  const envelope: Envelope = {
    ulid: newUlid(Date.now()),
    arrivedAt: '2026-01-02T03:04:05.000Z',
    listener: 'main',
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    sopClassUid: CT,
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    part10HeaderBytes: header.length,
    policy: 'identified',
    ...names,
  }
  const sealed = Buffer.concat([encodeEnvelope(envelope), options.sealed ?? seal(part10, options.recipients)])
  const trailer: Trailer = {
    dataSetBytes: dataSet.length,
    dataSetSha256: sha256(dataSet),
    sealedBytes: sealed.length,
    sealedSha256: sha256(sealed),
    ...options.trailer,
  }
  return { bytes: Buffer.concat([sealed, encodeTrailer(trailer)]), envelope, trailer, part10 }
}

/** A pack of these, and the ULID that it was given. */
export function packOf(
  files: readonly SpoolFixture[],
  pack = newUlid(Date.now()),
): { pack: string; bytes: Buffer } {
  const header = encodePackHeader({
    pack,
    study: files[0] === undefined ? '' : studyKeyOf(files[0].envelope),
    members: files.map(({ envelope, bytes }) => ({ ulid: envelope.ulid, bytes: bytes.length })),
  })
  return { pack, bytes: Buffer.concat([header, ...files.map((file) => file.bytes)]) }
}

/** How a manifest lists it. */
export function listed({ envelope, trailer }: SpoolFixture): ManifestInstance {
  const { ulid, sopInstanceUid, transferSyntaxUid } = envelope
  return { ulid, sopInstanceUid, transferSyntaxUid, ...trailer }
}

/** A small but storable CT data set, explicit VR little endian, ending in 2,000 random bytes of pixel data. */
export function ctDataSet(
  uids: Partial<Pick<Envelope, 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid'>>,
): Buffer {
  return dataSetOf(
    uidElement(0x0008, 0x0016, CT),
    uidElement(0x0008, 0x0018, uids.sopInstanceUid ?? newUid()),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0020, 'LO', 'TEST-1'),
    uidElement(0x0020, 0x000d, uids.studyInstanceUid ?? newUid()),
    uidElement(0x0020, 0x000e, uids.seriesInstanceUid ?? newUid()),
    pixelData(),
  )
}

/** Elements, one after another. */
export const dataSetOf = (...elements: readonly Buffer[]): Buffer => Buffer.concat(elements)

/** An element of VR UI in explicit VR little endian, padded with NUL. */
export const uidElement = (group: number, number: number, uid: string): Buffer =>
  element(group, number, 'UI', uid)

/** Pixel data of 2,000 random bytes in explicit VR little endian. */
export const pixelData = (): Buffer =>
  Buffer.concat([
    Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0xd0, 0x07, 0, 0]),
    randomBytes(2000),
  ])

export function element(group: number, number: number, vr: string, text: string): Buffer {
  const value = Buffer.from(text.length % 2 === 0 ? text : `${text}${vr === 'UI' ? '\0' : ' '}`, 'latin1')
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  head.writeUInt16LE(value.length, 6)
  return Buffer.concat([head, value])
}

function seal(plaintext: Buffer, recipients: readonly string[]): Buffer {
  const sealer = new Sealer(recipients.map(parseRecipient))
  return Buffer.concat([sealer.header, ...sealer.update(plaintext), ...sealer.final()])
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
