import { Failure } from '../../platform/failure.ts'
import type { Connection } from './connection.ts'
import { MAX_ASSOCIATE_LENGTH } from './dimse-limits.ts'
import {
  ABORT_BY_PROVIDER,
  type BrokenOff,
  PDU_HEADER_LENGTH,
  PDU_TYPE,
  PDV_COMMAND,
  PDV_HEADER_LENGTH,
  PDV_LAST,
  violation,
} from './pdu.ts'
import type { Watchdog } from './watchdog.ts'

/** The header of one PDV; its value is taken piece by piece with {@link PduReader.piece}. */
export interface Fragment {
  readonly type: 'fragment'
  readonly contextId: number
  readonly isCommand: boolean
  readonly isLast: boolean
}

/** A PDU other than P-DATA-TF, whole. */
export interface ControlPdu {
  readonly type: 'control'
  readonly pduType: number
  /** Without the PDU header. */
  readonly body: Buffer
}

/** Maximum number of PDVs parsed in one turn; a peer can make them tiny, and each costs the same. */
const FRAGMENTS_A_TURN = 256

/** The body lengths that a PDU of each type may announce; a PDU that announces more is not read. */
const CONTROL_LENGTHS: ReadonlyMap<number, readonly [min: number, max: number]> = new Map([
  [PDU_TYPE.associateRequest, [68, MAX_ASSOCIATE_LENGTH]],
  [PDU_TYPE.associateAccept, [68, MAX_ASSOCIATE_LENGTH]],
  [PDU_TYPE.associateReject, [4, 4]],
  [PDU_TYPE.releaseRequest, [4, 4]],
  [PDU_TYPE.releaseResponse, [4, 4]],
  [PDU_TYPE.abort, [4, 4]],
])

/**
 * Parses PDUs as they arrive (PS3.8 §9.3). Every length is checked before anything is read for it, and the value of a
 * PDV is passed on as it arrives: only small PDUs are held whole. A-ABORT is thrown as a Failure.
 */
export class PduReader {
  readonly #connection: Connection
  readonly #watchdog: Watchdog
  readonly #limits: { readonly maxPduLength: number; readonly pduMs: number }
  #maxPduLength: number
  #pduLeft = 0
  #valueLeft = 0
  /** True if the time in which the peer must complete the next PDU has been started. */
  #isTimed = false
  #fragmentsLeft = FRAGMENTS_A_TURN

  constructor(
    connection: Connection,
    watchdog: Watchdog,
    limits: { readonly maxPduLength: number; readonly pduMs: number },
  ) {
    this.#connection = connection
    this.#watchdog = watchdog
    this.#limits = limits
    this.#maxPduLength = limits.maxPduLength
  }

  /** Sets the longest P-DATA-TF announced to this peer, if it differs from the common limit. */
  announced(maxPduLength: number): void {
    this.#maxPduLength = maxPduLength
  }

  /**
   * Reads the next fragment or PDU between messages. The watchdog, set by the caller, limits the time until its first
   * byte.
   */
  async next(): Promise<Fragment | ControlPdu> {
    await this.#othersFirst()
    if (this.#pduLeft === 0) await this.#connection.some()
    this.restartTimer()
    return this.nextOfMessage()
  }

  /** Reads the next fragment or PDU within a message: it must be whole before the limit between two PDUs has passed. */
  async nextOfMessage(): Promise<Fragment | ControlPdu> {
    if (this.#pduLeft > 0) return this.#fragment()
    this.restartTimer()
    const header = await this.#connection.exactly(PDU_HEADER_LENGTH)
    const pduType = header.readUInt8(0)
    const length = header.readUInt32BE(2)
    if (pduType !== PDU_TYPE.data) return this.#control(pduType, length)
    this.#openData(length)
    return this.#fragment()
  }

  /** Reads the next fragment of a running message: the same context, the same kind. */
  async continuation(contextId: number, isCommand: boolean): Promise<Fragment> {
    const next = await this.nextOfMessage()
    if (next.type === 'control') throw unexpectedPdu(next.pduType, 'inside a message')
    return sameMessage(next, contextId, isCommand)
  }

  /**
   * {@link continuation} without waiting: undefined if its bytes have not arrived. A promise asks the caller to wait, and
   * then to call again; it rejects if the message is broken off.
   */
  continuationNow(contextId: number, isCommand: boolean): Fragment | Promise<unknown> | undefined {
    if (this.#fragmentsLeft === 0) return this.#othersFirst()
    const opened = this.#openNow()
    if (opened !== true) return opened
    const header = this.#connection.exactlyNow(this.#pdvHeaderLength())
    if (header === undefined) return undefined
    this.#fragmentsLeft--
    return sameMessage(this.#fragmentOf(header), contextId, isCommand)
  }

  /** {@link piece} without waiting: undefined also if no byte of it has arrived. See {@link isFragmentWhole}. */
  pieceNow(): Buffer | undefined {
    return this.#valueLeft === 0 ? undefined : this.#taken(this.#connection.upToNow(this.#valueLeft))
  }

  /** True if all of the current fragment was taken. */
  get isFragmentWhole(): boolean {
    return this.#valueLeft === 0
  }

  /** Calls `take` as bytes arrive, until it returns true ({@link Connection.arriving}). */
  arriving(take: () => boolean): Promise<void> {
    return this.#connection.arriving(take)
  }

  /** Returns the next bytes of the current fragment's value; undefined at its end. */
  async piece(): Promise<Buffer | undefined> {
    if (this.#valueLeft === 0) return undefined
    return this.#taken(await this.#connection.upTo(this.#valueLeft))
  }

  /** Restarts the time in which the peer must complete a PDU, after we have kept it waiting. */
  restartTimer(): void {
    this.#watchdog.set(this.#limits.pduMs, 'the rest of a message')
  }

  /** Stops that time while we keep the peer waiting. */
  stopTimer(): void {
    this.#watchdog.stop()
  }

  /** Opens the next PDU, unless one is open. Returns true if one is. */
  #openNow(): true | Promise<never> | undefined {
    if (this.#pduLeft > 0) return true
    if (!this.#isTimed) this.restartTimer()
    this.#isTimed = true
    const header = this.#connection.exactlyNow(PDU_HEADER_LENGTH)
    if (header === undefined) return undefined
    this.#isTimed = false
    const pduType = header.readUInt8(0)
    if (pduType !== PDU_TYPE.data) return this.#broken(pduType, header.readUInt32BE(2))
    this.#openData(header.readUInt32BE(2))
    return true
  }

  /** Reads a PDU that ends the message; its own fault or A-ABORT comes first. */
  async #broken(pduType: number, length: number): Promise<never> {
    await this.#control(pduType, length)
    throw unexpectedPdu(pduType, 'inside a message')
  }

  #openData(length: number): void {
    if (length > this.#maxPduLength || length < PDV_HEADER_LENGTH) {
      const message = `P-DATA-TF of ${length} bytes, announced at most ${this.#maxPduLength}`
      throw violation(ABORT_BY_PROVIDER.invalidPduParameter, message)
    }
    this.#pduLeft = length
  }

  async #fragment(): Promise<Fragment> {
    if (this.#fragmentsLeft === 0) await this.#othersFirst()
    this.#fragmentsLeft--
    return this.#fragmentOf(await this.#connection.exactly(this.#pdvHeaderLength()))
  }

  #pdvHeaderLength(): number {
    const left = this.#pduLeft
    if (left < PDV_HEADER_LENGTH) throw badPdv(`${left} bytes left in the PDU for a PDV`)
    return PDV_HEADER_LENGTH
  }

  #fragmentOf(header: Buffer): Fragment {
    const left = this.#pduLeft
    const length = header.readUInt32BE(0)
    if (length < 2 || length > left - 4) throw badPdv(`PDV of ${length} bytes where ${left - 4} are left`)
    this.#pduLeft = left - PDV_HEADER_LENGTH
    this.#valueLeft = length - 2
    const control = header.readUInt8(5)
    return {
      type: 'fragment',
      contextId: header.readUInt8(4),
      isCommand: (control & PDV_COMMAND) !== 0,
      isLast: (control & PDV_LAST) !== 0,
    }
  }

  #taken<Piece extends Buffer | undefined>(piece: Piece): Piece {
    const length = piece?.length ?? 0
    this.#valueLeft -= length
    this.#pduLeft -= length
    return piece
  }

  /**
   * Gives every other connection its turn. Bytes that have arrived are read without one, so a peer that sends thousands
   * of tiny messages or fragments would otherwise occupy the event loop for their whole length.
   */
  async #othersFirst(): Promise<void> {
    this.#fragmentsLeft = FRAGMENTS_A_TURN
    await new Promise((resolve) => setImmediate(resolve))
  }

  async #control(pduType: number, length: number): Promise<ControlPdu> {
    const limits = CONTROL_LENGTHS.get(pduType)
    if (limits === undefined) {
      throw violation(ABORT_BY_PROVIDER.unrecognizedPdu, `PDU of unknown type ${pduType}`)
    }
    if (length < limits[0] || length > limits[1]) {
      const message = `PDU of type ${pduType} with a length of ${length}`
      throw violation(ABORT_BY_PROVIDER.invalidPduParameter, message)
    }
    const body = await this.#connection.exactly(length)
    if (pduType === PDU_TYPE.abort) throw peerAborted(body)
    return { type: 'control', pduType, body }
  }
}

function sameMessage(next: Fragment, contextId: number, isCommand: boolean): Fragment {
  if (next.contextId === contextId && next.isCommand === isCommand) return next
  const found = `${next.isCommand ? 'command' : 'data'} fragment on context ${next.contextId}`
  throw violation(ABORT_BY_PROVIDER.invalidPduParameter, `${found} inside another message`)
}

export function unexpectedPdu(pduType: number, when: string): BrokenOff {
  return violation(ABORT_BY_PROVIDER.unexpectedPdu, `PDU of type ${pduType} ${when}`)
}

function badPdv(message: string): BrokenOff {
  return violation(ABORT_BY_PROVIDER.invalidPduParameter, message)
}

function peerAborted(body: Buffer): Failure {
  const origin = body.readUInt8(2) === 0 ? 'service user' : 'service provider'
  return new Failure(
    'ASSOCIATION_ABORTED',
    `the peer aborted the association (${origin}, reason ${body.readUInt8(3)})`,
  )
}
