import { MAX_COMMAND_LENGTH } from './dimse-limits.ts'
import { ABORT_BY_PROVIDER, ABORT_BY_USER, type BrokenOff, violation } from './pdu.ts'
import type { Fragment, PduReader } from './pdu-reader.ts'
import { textWithoutPadding } from './wire-text.ts'

/** Element numbers of group 0000 (PS3.7 §E.1). */
export const ELEMENT = {
  commandGroupLength: 0x0000,
  affectedSopClassUid: 0x0002,
  requestedSopClassUid: 0x0003,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdBeingRespondedTo: 0x0120,
  priority: 0x0700,
  commandDataSetType: 0x0800,
  status: 0x0900,
  errorComment: 0x0902,
  affectedSopInstanceUid: 0x1000,
  requestedSopInstanceUid: 0x1001,
  eventTypeId: 0x1002,
  actionTypeId: 0x1008,
} as const

/** The Command Fields (PS3.7 §E.1) of the requests that this folder distinguishes. */
export const COMMAND_FIELD = {
  cStoreRequest: 0x0001,
  cFindRequest: 0x0020,
  cEchoRequest: 0x0030,
  nEventReportRequest: 0x0100,
  nSetRequest: 0x0120,
  nActionRequest: 0x0130,
  nCreateRequest: 0x0140,
  cCancelRequest: 0x0fff,
} as const

/** All requests, in the order of PS3.7 §E.1; a response also has the highest bit set. */
const REQUEST_FIELDS: ReadonlySet<number> = new Set([
  0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150,
])

/** Elements of its request that a response may repeat, by value representation (PS3.7 §E.1). */
const REPEATED_UIDS = [0x0002, 0x0003, 0x1000, 0x1001] as const
const REPEATED_NUMBERS = [0x0100, 0x0110, 0x0700, 0x0800, 0x1002, 0x1008] as const

/** The bit by which the Command Field of a response differs from its request's. */
export const RESPONSE = 0x8000
const NO_DATA_SET = 0x0101
const DATA_SET_FOLLOWS = 0x0001
const MEDIUM_PRIORITY = 0

/** The elements that all messages have, and those that the services of this folder need. */
export interface CommandSet {
  readonly commandField: number
  /** Message ID of a request. */
  readonly messageId: number | undefined
  /** Message ID in a response or a C-CANCEL. */
  readonly messageIdBeingRespondedTo: number | undefined
  readonly hasDataSet: boolean
  readonly affectedSopClassUid: string | undefined
  readonly affectedSopInstanceUid: string | undefined
  readonly requestedSopClassUid: string | undefined
  readonly requestedSopInstanceUid: string | undefined
  readonly eventTypeId: number | undefined
  readonly actionTypeId: number | undefined
  readonly status: number | undefined
  readonly errorComment: string | undefined
}

/** Reads the bytes of the command set that begins with `first`, up to a limit. */
export async function readCommandBytes(reader: PduReader, first: Fragment): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for (let fragment = first; ; fragment = await reader.continuation(first.contextId, true)) {
    for (let piece = await reader.piece(); piece !== undefined; piece = await reader.piece()) {
      length += piece.length
      if (length > MAX_COMMAND_LENGTH) throw malformed('a command set of more than 64 KiB')
      pieces.push(piece)
    }
    if (fragment.isLast) return Buffer.concat(pieces, length)
  }
}

/** Reads a command set: Implicit VR Little Endian, group 0000 only (PS3.7 §6.3.1). */
export function parseCommandSet(bytes: Buffer): CommandSet {
  const values = splitElements(bytes)
  const commandField = unsignedShort(values, ELEMENT.commandField)
  const dataSetType = unsignedShort(values, ELEMENT.commandDataSetType)
  if (commandField === undefined || dataSetType === undefined) {
    throw malformed('a command set without Command Field or Command Data Set Type')
  }
  return {
    commandField,
    messageId: unsignedShort(values, ELEMENT.messageId),
    messageIdBeingRespondedTo: unsignedShort(values, ELEMENT.messageIdBeingRespondedTo),
    hasDataSet: dataSetType !== NO_DATA_SET,
    affectedSopClassUid: text(values, ELEMENT.affectedSopClassUid),
    affectedSopInstanceUid: text(values, ELEMENT.affectedSopInstanceUid),
    requestedSopClassUid: text(values, ELEMENT.requestedSopClassUid),
    requestedSopInstanceUid: text(values, ELEMENT.requestedSopInstanceUid),
    eventTypeId: unsignedShort(values, ELEMENT.eventTypeId),
    actionTypeId: unsignedShort(values, ELEMENT.actionTypeId),
    status: unsignedShort(values, ELEMENT.status),
    errorComment: text(values, ELEMENT.errorComment),
  }
}

/**
 * Encodes a request again with only the elements that its response may repeat, each once and within its length limit.
 * dcmjs prints the peer's values of all other elements, and of two equal elements it takes the first, where Ferry takes
 * the last.
 */
export function restate(bytes: Buffer): Buffer {
  const values = splitElements(bytes)
  const uids = REPEATED_UIDS.map((element) => ({ element, value: text(values, element)?.slice(0, 64) }))
  const numbers = REPEATED_NUMBERS.map((element) => ({ element, value: unsignedShort(values, element) }))
  const elements = [
    ...uids.map(({ element, value }) => (value === undefined ? [] : [uid(element, value)])),
    ...numbers.map(({ element, value }) => (value === undefined ? [] : [us(element, value)])),
  ]
  return encodeElements(elements.flat().toSorted((a, b) => a.readUInt16LE(2) - b.readUInt16LE(2)))
}

export function isResponse(command: CommandSet): boolean {
  return (command.commandField & RESPONSE) !== 0
}

/**
 * Returns the message ID of the request. Throws if there is none, which ends the association: the peer would wait for
 * an answer.
 */
export function answerableMessageId(command: CommandSet): number {
  const { commandField, messageId } = command
  if (REQUEST_FIELDS.has(commandField) && messageId !== undefined) return messageId
  const found = messageId === undefined ? 'no Message ID' : 'nothing to answer to'
  throw violation(ABORT_BY_USER, `command field ${commandField.toString(16)}H with ${found}`)
}

/** C-STORE-RQ (PS3.7 §9.3.1.1). */
export function encodeStoreRequest(messageId: number, sopClassUid: string, sopInstanceUid: string): Buffer {
  return encodeElements([
    uid(ELEMENT.affectedSopClassUid, sopClassUid),
    us(ELEMENT.commandField, COMMAND_FIELD.cStoreRequest),
    us(ELEMENT.messageId, messageId),
    us(ELEMENT.priority, MEDIUM_PRIORITY),
    announceDataSet(true),
    uid(ELEMENT.affectedSopInstanceUid, sopInstanceUid),
  ])
}

/** C-STORE-RSP (PS3.7 §9.3.1.2) to `request`. */
export function encodeStoreResponse(
  request: CommandSet,
  answer: { readonly status: number; readonly errorComment?: string },
): Buffer {
  const { affectedSopClassUid, affectedSopInstanceUid } = request
  return encodeElements([
    ...(affectedSopClassUid === undefined ? [] : [uid(ELEMENT.affectedSopClassUid, affectedSopClassUid)]),
    us(ELEMENT.commandField, COMMAND_FIELD.cStoreRequest | RESPONSE),
    us(ELEMENT.messageIdBeingRespondedTo, answerableMessageId(request)),
    announceDataSet(false),
    us(ELEMENT.status, answer.status),
    ...(answer.errorComment === undefined ? [] : [padded(ELEMENT.errorComment, answer.errorComment, ' ')]),
    ...(affectedSopInstanceUid === undefined
      ? []
      : [uid(ELEMENT.affectedSopInstanceUid, affectedSopInstanceUid)]),
  ])
}

/** C-FIND-RQ (PS3.7 §9.3.2.1); the identifier follows. */
export function encodeFindRequest(messageId: number, sopClassUid: string): Buffer {
  return encodeElements([
    uid(ELEMENT.affectedSopClassUid, sopClassUid),
    us(ELEMENT.commandField, COMMAND_FIELD.cFindRequest),
    us(ELEMENT.messageId, messageId),
    us(ELEMENT.priority, MEDIUM_PRIORITY),
    announceDataSet(true),
  ])
}

/** C-CANCEL-RQ (PS3.7 §9.3.2.3); it has no message ID of its own, and no answer. */
export function encodeCancelRequest(messageId: number): Buffer {
  return encodeElements([
    us(ELEMENT.commandField, COMMAND_FIELD.cCancelRequest),
    us(ELEMENT.messageIdBeingRespondedTo, messageId),
    announceDataSet(false),
  ])
}

/** C-ECHO-RQ (PS3.7 §9.3.5.1). */
export function encodeEchoRequest(messageId: number, sopClassUid: string): Buffer {
  return encodeElements([
    uid(ELEMENT.affectedSopClassUid, sopClassUid),
    us(ELEMENT.commandField, COMMAND_FIELD.cEchoRequest),
    us(ELEMENT.messageId, messageId),
    announceDataSet(false),
  ])
}

function splitElements(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const values = new Map<number, Buffer>()
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 8) throw malformed('a command set that ends inside an element')
    const length = bytes.readUInt32LE(at + 4)
    if (bytes.readUInt16LE(at) !== 0) throw malformed('a command set with an element of another group')
    if (length > bytes.length - at - 8) throw malformed('a command set that ends inside a value')
    values.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return values
}

function unsignedShort(values: ReadonlyMap<number, Buffer>, element: number): number | undefined {
  const value = values.get(element)
  return value === undefined || value.length < 2 ? undefined : value.readUInt16LE(0)
}

function text(values: ReadonlyMap<number, Buffer>, element: number): string | undefined {
  const value = values.get(element)
  return value === undefined || value.length === 0 ? undefined : textWithoutPadding(value)
}

export function encodeElements(elements: readonly Buffer[]): Buffer {
  const length = elements.reduce((sum, element) => sum + element.length, 0)
  const groupLength = Buffer.alloc(4)
  groupLength.writeUInt32LE(length)
  return Buffer.concat([encodeElement(ELEMENT.commandGroupLength, groupLength), ...elements])
}

function encodeElement(element: number, value: Buffer): Buffer {
  const encoded = Buffer.alloc(8 + value.length)
  encoded.writeUInt16LE(element, 2)
  encoded.writeUInt32LE(value.length, 4)
  encoded.set(value, 8)
  return encoded
}

export function us(element: number, value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return encodeElement(element, bytes)
}

export function announceDataSet(hasDataSet: boolean): Buffer {
  return us(ELEMENT.commandDataSetType, hasDataSet ? DATA_SET_FOLLOWS : NO_DATA_SET)
}

export function uid(element: number, value: string): Buffer {
  return padded(element, value, '\0')
}

export function padded(element: number, value: string, padding: string): Buffer {
  return encodeElement(element, Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1'))
}

function malformed(found: string): BrokenOff {
  return violation(ABORT_BY_PROVIDER.invalidPduParameter, found)
}
