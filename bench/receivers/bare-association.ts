import type { Socket } from 'node:net'
import { encodeStoreResponse, parseCommandSet } from '../../src/dimse/wire/command-set.ts'
import {
  encodeCommand,
  encodePdu,
  PDU_HEADER_LENGTH,
  PDU_TYPE,
  PDV_COMMAND,
  PDV_HEADER_LENGTH,
  PDV_LAST,
} from '../../src/dimse/wire/pdu.ts'

/** The pieces are the socket's own buffers, in order. */
export interface BareInstance {
  readonly pieces: readonly Buffer[]
  readonly bytes: number
}

const ANNOUNCED_PDU_LENGTH = 256 * 1024
const NOTHING = Buffer.alloc(0)

/** Just enough of PS3.8 to take C-STOREs from a peer that makes no mistakes: nothing is checked, all is accepted. */
export class BareAssociation {
  readonly #socket: Socket
  readonly #take: (instance: BareInstance) => void
  /** A header, or a PDU that is not data, that has not come whole. */
  #held: Buffer = NOTHING
  #pduLeft = 0
  #valueLeft = 0
  #contextId = 0
  #control = 0
  #pieces: Buffer[] = []
  #bytes = 0
  #command: Buffer = NOTHING

  constructor(socket: Socket, take: (instance: BareInstance) => void) {
    this.#socket = socket
    this.#take = take
    socket.on('data', (chunk) => this.#arrived(chunk))
    socket.on('error', () => socket.destroy())
  }

  #arrived(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = NOTHING
    while (rest.length > 0) {
      const used = this.#use(rest)
      if (used === 0) {
        this.#held = rest
        return
      }
      rest = rest.subarray(used)
    }
  }

  /** How many bytes it could do something with; 0 = more must come first. */
  #use(bytes: Buffer): number {
    if (this.#valueLeft > 0) return this.#useValue(bytes.subarray(0, this.#valueLeft))
    if (bytes.length < PDU_HEADER_LENGTH) return 0
    if (this.#pduLeft > 0) return this.#openFragment(bytes)
    const length = bytes.readUInt32BE(2)
    if (bytes[0] === PDU_TYPE.data) {
      this.#pduLeft = length
      return PDU_HEADER_LENGTH
    }
    if (bytes.length < PDU_HEADER_LENGTH + length) return 0
    this.#answer(bytes[0], bytes.subarray(PDU_HEADER_LENGTH, PDU_HEADER_LENGTH + length))
    return PDU_HEADER_LENGTH + length
  }

  #openFragment(bytes: Buffer): number {
    this.#valueLeft = bytes.readUInt32BE(0) - 2
    this.#contextId = bytes.readUInt8(4)
    this.#control = bytes.readUInt8(5)
    this.#pduLeft -= PDV_HEADER_LENGTH
    if (this.#valueLeft === 0) this.#endFragment()
    return PDV_HEADER_LENGTH
  }

  #useValue(piece: Buffer): number {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    this.#valueLeft -= piece.length
    this.#pduLeft -= piece.length
    if (this.#valueLeft === 0) this.#endFragment()
    return piece.length
  }

  #endFragment(): void {
    if ((this.#control & PDV_LAST) === 0) return
    const [pieces, bytes] = [this.#pieces, this.#bytes]
    this.#pieces = []
    this.#bytes = 0
    if ((this.#control & PDV_COMMAND) !== 0) {
      this.#command = Buffer.concat(pieces)
      return
    }
    this.#take({ pieces, bytes })
    const response = encodeStoreResponse(parseCommandSet(this.#command), { status: 0 })
    this.#socket.write(encodeCommand(this.#contextId, response))
  }

  #answer(pduType: number | undefined, body: Buffer): void {
    if (pduType === PDU_TYPE.associateRequest) this.#socket.write(encodeAccept(body))
    else if (pduType === PDU_TYPE.releaseRequest) {
      this.#socket.end(encodePdu(PDU_TYPE.releaseResponse, Buffer.alloc(4)))
    } else this.#socket.destroy()
  }
}

/** Item types of PS3.8 §9.3.2, §9.3.3. */
const ITEM = {
  proposed: 0x20,
  accepted: 0x21,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
}
const FIXED_FIELDS = 68

/** A-ASSOCIATE-AC with the first transfer syntax of every proposed context. */
function encodeAccept(request: Buffer): Buffer {
  const items = splitItems(request.subarray(FIXED_FIELDS))
  const contexts = items.filter(({ type }) => type === ITEM.proposed)
  const applicationContext = items.filter(({ type }) => type < ITEM.proposed)
  const maximumLength = Buffer.alloc(4)
  maximumLength.writeUInt32BE(ANNOUNCED_PDU_LENGTH)
  const body = [
    request.subarray(0, FIXED_FIELDS),
    ...applicationContext.map(({ type, value }) => encodeItem(type, value)),
    ...contexts.map(({ value }) => encodeItem(ITEM.accepted, acceptContext(value))),
    encodeItem(ITEM.userInformation, encodeItem(ITEM.maximumLength, maximumLength)),
  ]
  return encodePdu(PDU_TYPE.associateAccept, Buffer.concat(body))
}

function acceptContext(proposed: Buffer): Buffer {
  const [first] = splitItems(proposed.subarray(4)).filter(({ type }) => type === ITEM.transferSyntax)
  const head = Buffer.from([proposed.readUInt8(0), 0, 0, 0])
  return Buffer.concat([head, encodeItem(ITEM.transferSyntax, first?.value ?? NOTHING)])
}

function splitItems(bytes: Buffer): { type: number; value: Buffer }[] {
  const items: { type: number; value: Buffer }[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    items.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) })
    at = end
  }
  return items
}

function encodeItem(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0, 0])
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value])
}
