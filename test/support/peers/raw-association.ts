import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { resetSocket } from '../lines/reset-socket.ts'

/** Syntaxes and SOP classes that tests negotiate. */
export const UID = {
  verification: '1.2.840.10008.1.1',
  ctImageStorage: '1.2.840.10008.5.1.4.1.1.2',
  worklist: '1.2.840.10008.5.1.4.31',
  storageCommitment: '1.2.840.10008.1.20.1',
  implicitVrLittleEndian: '1.2.840.10008.1.2',
  explicitVrLittleEndian: '1.2.840.10008.1.2.1',
} as const

export interface RawContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

export interface RawRequest {
  readonly calling?: string
  readonly called?: string
  readonly contexts?: readonly RawContext[]
  readonly maxPduLength?: number
  readonly protocolVersion?: number
  readonly applicationContext?: string
  /** More user information items, encoded. */
  readonly userItems?: readonly Buffer[]
}

/** CT images on context 1, verification on 3, worklist on 5, storage commitment on 7. */
export const CONTEXTS: readonly RawContext[] = [
  { id: 1, abstractSyntax: UID.ctImageStorage, transferSyntaxes: [UID.explicitVrLittleEndian] },
  { id: 3, abstractSyntax: UID.verification, transferSyntaxes: [UID.implicitVrLittleEndian] },
  { id: 5, abstractSyntax: UID.worklist, transferSyntaxes: [UID.implicitVrLittleEndian] },
  { id: 7, abstractSyntax: UID.storageCommitment, transferSyntaxes: [UID.implicitVrLittleEndian] },
]

interface RawPdu {
  readonly type: number
  readonly body: Buffer
}

/** A peer that sends whatever bytes a test wants, and reads PDUs. It checks nothing. */
export class RawAssociation {
  readonly socket: Socket
  readonly #arrived: (RawPdu | 'closed')[] = []
  readonly #readers: ((pdu: RawPdu | 'closed') => void)[] = []
  #bytes = Buffer.alloc(0)
  #isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('close', () => {
      this.#isClosed = true
      this.#deliver('closed')
    })
  }

  /** The other side of a connection that a test has accepted. */
  static of(socket: Socket): RawAssociation {
    return new RawAssociation(socket)
  }

  static async connect(port: number, localAddress = '127.0.0.1'): Promise<RawAssociation> {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    const raw = new RawAssociation(socket)
    await once(socket, 'connect')
    return raw
  }

  /** Connects and asks for an association; the answer has been read. */
  static async open(port: number, request: RawRequest = {}): Promise<RawAssociation> {
    const raw = await RawAssociation.connect(port)
    const answer = await raw.associate(request)
    if (answer.type !== 2) throw new Error(`the association was not accepted: PDU of type ${answer.type}`)
    return raw
  }

  async associate(request: RawRequest = {}): Promise<RawPdu> {
    await this.send(associateRequest(request))
    return this.pdu()
  }

  /** Resolves when the system has taken the bytes, or the connection is gone. */
  send(...bytes: readonly Buffer[]): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(Buffer.concat(bytes), () => resolve())
    })
  }

  /** The next PDU, or that the peer has closed. */
  next(): Promise<RawPdu | 'closed'> {
    const first = this.#arrived.shift()
    if (first !== undefined) return Promise.resolve(first)
    if (this.#isClosed) return Promise.resolve('closed')
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  async pdu(): Promise<RawPdu> {
    const next = await this.next()
    if (next === 'closed') throw new Error('the connection was closed')
    return next
  }

  /** The next PDU as a response. */
  async response(): Promise<RawResponse> {
    return readResponse(await this.pdu())
  }

  /** PDUs that have arrived and were not read. */
  get unread(): number {
    return this.#arrived.length
  }

  reset(): void {
    resetSocket(this.socket)
  }

  close(): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    while (this.#bytes.length >= 6 && this.#bytes.length >= 6 + this.#bytes.readUInt32BE(2)) {
      const end = 6 + this.#bytes.readUInt32BE(2)
      this.#deliver({ type: this.#bytes.readUInt8(0), body: this.#bytes.subarray(6, end) })
      this.#bytes = this.#bytes.subarray(end)
    }
  }

  #deliver(next: RawPdu | 'closed'): void {
    const reader = this.#readers.shift()
    if (reader === undefined) this.#arrived.push(next)
    else reader(next)
  }
}

export function pdu(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(6)
  header[0] = type
  header.writeUInt32BE(body.length, 2)
  return Buffer.concat([header, body])
}

export function item(type: number, value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  const header = Buffer.alloc(4)
  header[0] = type
  header.writeUInt16BE(bytes.length, 2)
  return Buffer.concat([header, bytes])
}

export function associateRequest(request: RawRequest = {}): Buffer {
  const fixed = Buffer.alloc(68)
  fixed.writeUInt16BE(request.protocolVersion ?? 1, 0)
  fixed.write((request.called ?? 'FERRY').padEnd(16), 4, 'latin1')
  fixed.write((request.calling ?? 'RAW').padEnd(16), 20, 'latin1')
  const maximum = Buffer.alloc(4)
  maximum.writeUInt32BE(request.maxPduLength ?? 16_384)
  const user = [item(0x51, maximum), item(0x52, '1.2.3.4'), item(0x55, 'RAW_1'), ...(request.userItems ?? [])]
  return pdu(
    1,
    Buffer.concat([
      fixed,
      item(0x10, request.applicationContext ?? '1.2.840.10008.3.1.1.1'),
      ...(request.contexts ?? CONTEXTS).map(contextItem),
      item(0x50, Buffer.concat(user)),
    ]),
  )
}

/** Accepts the contexts of the given IDs, each with the given transfer syntax. */
export function associateAccept(contexts: Readonly<Record<number, string>>, maxPduLength = 16_384): Buffer {
  const fixed = Buffer.alloc(68)
  fixed.writeUInt16BE(1, 0)
  const maximum = Buffer.alloc(4)
  maximum.writeUInt32BE(maxPduLength)
  const accepted = Object.entries(contexts).map(([id, syntax]) =>
    item(0x21, Buffer.concat([Buffer.of(Number(id), 0, 0, 0), item(0x40, syntax)])),
  )
  const user = item(0x50, Buffer.concat([item(0x51, maximum), item(0x52, '1.2.3.4')]))
  return pdu(2, Buffer.concat([fixed, item(0x10, '1.2.840.10008.3.1.1.1'), ...accepted, user]))
}

function contextItem({ id, abstractSyntax, transferSyntaxes }: RawContext): Buffer {
  const syntaxes = [item(0x30, abstractSyntax), ...transferSyntaxes.map((uid) => item(0x40, uid))]
  return item(0x20, Buffer.concat([Buffer.of(id, 0, 0, 0), ...syntaxes]))
}

/** Control: 1 command, 2 last. */
export function pdv(contextId: number, control: number, value: Buffer): Buffer {
  const header = Buffer.alloc(6)
  header.writeUInt32BE(value.length + 2)
  header[4] = contextId
  header[5] = control
  return Buffer.concat([header, value])
}

export function dataPdu(...pdvs: readonly Buffer[]): Buffer {
  return pdu(4, Buffer.concat(pdvs))
}

export const RELEASE_REQUEST = pdu(5, Buffer.alloc(4))
export const RELEASE_RESPONSE = pdu(6, Buffer.alloc(4))
export const ABORT = pdu(7, Buffer.alloc(4))

/** A command set of the given elements of group 0000. */
export function command(elements: Readonly<Record<number, string | number>>): Buffer {
  const encoded = Object.entries(elements).map(([number, value]) => commandElement(Number(number), value))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(Buffer.concat(encoded).length)
  return Buffer.concat([rawElement(0, length), ...encoded])
}

export function storeCommand(
  fields: { messageId?: number; sopClass?: string; sopInstance?: string; dataSetType?: number } = {},
): Buffer {
  return command({
    0x0002: fields.sopClass ?? UID.ctImageStorage,
    0x0100: 0x0001,
    0x0110: fields.messageId ?? 1,
    0x0700: 0,
    0x0800: fields.dataSetType ?? 0x0202,
    0x1000: fields.sopInstance ?? '1.2.3.4.5',
  })
}

export function echoCommand(messageId = 1): Buffer {
  return command({ 0x0002: UID.verification, 0x0100: 0x0030, 0x0110: messageId, 0x0800: 0x0101 })
}

/** A whole C-STORE on context 1: command and data set in a PDU each. */
export function wholeStore(dataSet: Buffer, messageId = 1): Buffer {
  return Buffer.concat([dataPdu(pdv(1, 3, storeCommand({ messageId }))), dataPdu(pdv(1, 2, dataSet))])
}

function commandElement(element: number, value: string | number): Buffer {
  if (typeof value === 'string') {
    return rawElement(element, Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1'))
  }
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return rawElement(element, bytes)
}

function rawElement(element: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16LE(element, 2)
  header.writeUInt32LE(value.length, 4)
  return Buffer.concat([header, value])
}

export interface RawResponse {
  readonly contextId: number
  readonly commandField: number | undefined
  readonly messageId: number | undefined
  readonly status: number | undefined
  readonly errorComment: string | undefined
}

/** The values of a command set that lies whole in a PDU, by element number. */
export function commandElements({ type, body }: RawPdu): Map<number, Buffer> {
  if (type !== 4) throw new Error(`a PDU of type ${type} where a message was awaited`)
  const elements = new Map<number, Buffer>()
  for (let at = 6; at < body.length; ) {
    const length = body.readUInt32LE(at + 4)
    elements.set(body.readUInt16LE(at + 2), body.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return elements
}

function readResponse(message: RawPdu): RawResponse {
  const elements = commandElements(message)
  const { body } = message
  return {
    contextId: body.readUInt8(4),
    commandField: elements.get(0x0100)?.readUInt16LE(),
    messageId: elements.get(0x0120)?.readUInt16LE(),
    status: elements.get(0x0900)?.readUInt16LE(),
    errorComment: elements.get(0x0902)?.toString('latin1').trimEnd(),
  }
}

interface RawAcceptance {
  readonly contexts: readonly { id: number; result: number; transferSyntax: string }[]
  readonly maxPduLength: number | undefined
}

export function readAcceptance({ body }: RawPdu): RawAcceptance {
  const contexts: { id: number; result: number; transferSyntax: string }[] = []
  let maxPduLength: number | undefined
  for (const { type, value } of items(body.subarray(68))) {
    if (type === 0x21) {
      const syntax = value.subarray(8).toString('latin1')
      contexts.push({ id: value.readUInt8(0), result: value.readUInt8(2), transferSyntax: syntax })
    }
    if (type === 0x50)
      maxPduLength = items(value)
        .find((one) => one.type === 0x51)
        ?.value.readUInt32BE()
  }
  return { contexts, maxPduLength }
}

function items(bytes: Buffer): { type: number; value: Buffer }[] {
  const found = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    found.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) })
    at = end
  }
  return found
}

/** Resolves when the value has not changed for 200 ms and twenty turns of the event loop. */
export async function standstill(value: () => number): Promise<void> {
  for (let last = -1, still = 0, since = performance.now(); still < 20 || performance.now() - since < 200; ) {
    if (value() === last) still++
    else {
      last = value()
      still = 0
      since = performance.now()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}
