import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import {
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  UNDEFINED,
  writer,
} from '../../dicom/build-data-set.ts'
import { newUid } from '../instances/sealed-instance.ts'
import {
  dataPdu,
  pdv,
  RawAssociation,
  type RawResponse,
  RELEASE_REQUEST,
  storeCommand,
} from './raw-association.ts'
import type { RawInstance } from './send-instances.ts'

/** How a device cuts its messages into PDVs and these into PDUs. */
export interface Cutting {
  /** Longest PDU body; no PDV is longer. */
  readonly pduBytes: number
  /** Longest fragment of a data set and of a command; undefined = as much as a PDU holds. */
  readonly fragmentBytes?: number
  readonly commandFragmentBytes?: number
  /** One PDV in a PDU, or as many as there is room for. */
  readonly pdvs: 'one' | 'many'
  /** Command and data set share PDUs where there is room. */
  readonly joined?: boolean
  /** A last fragment without a byte ends the data set. */
  readonly emptyEnd?: boolean
}

/** One that calls with an association of its own making: each kind of instance has the context of its place. */
export interface SimulatedDevice {
  readonly aeTitle: string
  /** The longest PDU that it wants to receive; 0 = any. */
  readonly announcedPduBytes: number
  readonly cutting: Cutting
  readonly kinds: readonly { sopClassUid: string; transferSyntaxUid: string }[]
}

const PDV_HEADER_BYTES = 6
const PATIENT_NAME = TAG.PatientName
const PATIENT_ID = TAG.PatientID

/** Sends the instances one after the other, whatever their context, and releases; answers what it was told. */
export async function sendAs(
  device: SimulatedDevice,
  port: number,
  instances: readonly RawInstance[],
): Promise<RawResponse[]> {
  const { aeTitle, announcedPduBytes, cutting, kinds } = device
  const contexts = kinds.map(({ sopClassUid, transferSyntaxUid }, i) => ({
    id: 2 * i + 1,
    abstractSyntax: sopClassUid,
    transferSyntaxes: [transferSyntaxUid],
  }))
  const association = await RawAssociation.open(port, {
    calling: aeTitle,
    contexts,
    maxPduLength: announcedPduBytes,
  })
  const responses: RawResponse[] = []
  for (const [messageId, instance] of instances.entries()) {
    await association.send(...messagePdus(instance, contextOf(device, instance), messageId + 1, cutting))
    responses.push(await association.response())
  }
  await association.send(RELEASE_REQUEST)
  await association.next()
  association.close()
  return responses
}

/** The ID of the presentation context in which the device sends the instance. */
export function contextOf({ kinds }: SimulatedDevice, instance: RawInstance): number {
  const { sopClassUid, transferSyntaxUid } = instance
  const place = kinds.findIndex(
    (kind) => kind.sopClassUid === sopClassUid && kind.transferSyntaxUid === transferSyntaxUid,
  )
  return 2 * place + 1
}

/** The PDUs of one C-STORE request. */
function messagePdus(instance: RawInstance, context: number, messageId: number, cutting: Cutting): Buffer[] {
  const { sopClassUid, sopInstanceUid, dataSet } = instance
  const { pduBytes, fragmentBytes = pduBytes, commandFragmentBytes = pduBytes, emptyEnd = false } = cutting
  const request = storeCommand({ messageId, sopClass: sopClassUid, sopInstance: sopInstanceUid })
  const command = pdvsOf(request, context, 1, Math.min(commandFragmentBytes, pduBytes - PDV_HEADER_BYTES))
  const data = pdvsOf(dataSet, context, 0, Math.min(fragmentBytes, pduBytes - PDV_HEADER_BYTES), emptyEnd)
  if (cutting.joined === true) return pack([...command, ...data], cutting)
  return [...pack(command, cutting), ...pack(data, cutting)]
}

/** `control`: 1 for a command, 0 for a data set (PS3.8 §E.2). */
function pdvsOf(bytes: Buffer, context: number, control: number, limit: number, emptyEnd = false): Buffer[] {
  const fragments: Buffer[] = []
  for (let at = 0; at < bytes.length; at += limit) fragments.push(bytes.subarray(at, at + limit))
  if (emptyEnd) fragments.push(Buffer.alloc(0))
  return fragments.map((fragment, i) =>
    pdv(context, i === fragments.length - 1 ? control | 2 : control, fragment),
  )
}

function pack(pdvs: readonly Buffer[], { pdvs: how, pduBytes }: Cutting): Buffer[] {
  if (how === 'one') return pdvs.map((one) => dataPdu(one))
  const pdus: Buffer[] = []
  let [room, held]: [number, Buffer[]] = [pduBytes, []]
  for (const one of pdvs) {
    if (one.length > room) {
      pdus.push(dataPdu(...held))
      ;[room, held] = [pduBytes, []]
    }
    held.push(one)
    room -= one.length
  }
  return [...pdus, dataPdu(...held)]
}

/** A data set of some device in the given transfer syntax, with this many bytes of noise as pixels. */
export function noiseInstance(
  sopClassUid: string,
  transferSyntaxUid: string,
  pixelBytes: number,
): RawInstance {
  const sopInstanceUid = newUid()
  const dataSet = noiseDataSet(sopClassUid, sopInstanceUid, transferSyntaxUid, pixelBytes)
  const { DeflatedExplicitVRLittleEndian } = TRANSFER_SYNTAX
  const sent = transferSyntaxUid === DeflatedExplicitVRLittleEndian ? even(deflateRawSync(dataSet)) : dataSet
  return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet: sent }
}

function noiseDataSet(sopClass: string, sopInstance: string, syntax: string, pixelBytes: number): Buffer {
  const { ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian } = TRANSFER_SYNTAX
  const encoding =
    { [ImplicitVRLittleEndian]: IMPLICIT_LITTLE, [ExplicitVRBigEndian]: EXPLICIT_BIG }[syntax] ??
    EXPLICIT_LITTLE
  const { element, item, sequenceEnd } = writer(encoding)
  const noise = even(randomBytes(pixelBytes))
  const natives = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
  const isNative =
    natives.some((native) => native === syntax) || syntax === TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian
  const fragments = Buffer.concat([item(Buffer.alloc(0)), item(noise), sequenceEnd])
  return Buffer.concat([
    element(TAG.SOPClassUID, 'UI', even(sopClass)),
    element(TAG.SOPInstanceUID, 'UI', even(sopInstance)),
    element(PATIENT_NAME, 'PN', 'INVENTED'),
    element(PATIENT_ID, 'LO', 'NOBODY'),
    element(TAG.StudyInstanceUID, 'UI', even(newUid())),
    element(TAG.SeriesInstanceUID, 'UI', even(newUid())),
    isNative ? element(TAG.PixelData, 'OW', noise) : element(TAG.PixelData, 'OB', fragments, UNDEFINED),
  ])
}

function even(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
}
