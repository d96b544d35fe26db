import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import dimse from 'dcmjs-dimse'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom/read/part10.ts'
import { describe, Failure } from '../../platform/failure.ts'
import { ABORT_BY_PROVIDER, violation } from '../wire/pdu.ts'

/**
 * dcmjs-dimse 0.3.3, reduced to encoding and decoding of negotiation and small messages. It never holds a socket. Each
 * PDU that it reads has been checked and is whole; it works synchronously, and its output is collected. Its own timers
 * are off, since they abort a peer that waits for our answer.
 */
export type LibraryAssociation = InstanceType<typeof dimse.association.Association>

export const { Scp } = dimse
export const { Association } = dimse.association
export const { PresentationContextResult } = dimse.constants
export const {
  CEchoResponse,
  CFindResponse,
  CGetResponse,
  CMoveResponse,
  NActionResponse,
  NCreateResponse,
  NDeleteResponse,
  NEventReportResponse,
  NGetResponse,
  NSetResponse,
} = dimse.responses

/** Parts of the library that are missing in its types and that this folder relies on. */
export interface NetworkInternals {
  association: LibraryAssociation | undefined
  /**
   * The message being received. The library does not reset it after a message without a data set, so its fields would
   * reappear.
   */
  dimseStream: unknown
  dimseStoreStream: unknown
  dimse: unknown
  /** The timer that aborts the association after a minute without a PDU, counted by the wall clock. */
  timeoutIntervalId: NodeJS.Timeout | undefined
  on(event: string, listener: (argument: unknown) => void): unknown
}

type NetworkClass = new (socket: Socket) => InstanceType<typeof dimse.Scp>

/** The base class of Scp and of the library's client; not exported, but reachable. */
export function networkClass(): NetworkClass {
  const base: unknown = Object.getPrototypeOf(dimse.Scp)
  if (!isNetworkClass(base)) throw changed('Scp has another base class')
  return base
}

/** Returns the library's internals of an instance, if they still exist, and stops its timer. */
export function openInternals(network: object): NetworkInternals {
  const names = ['dimseStream', 'dimseStoreStream', 'dimse', 'timeoutIntervalId']
  const missing = names.filter((name) => !(name in network))
  if (missing.length > 0) throw changed(`${missing.join(', ')} missing`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of the names has just been looked up
  const internals = network as NetworkInternals
  clearInterval(internals.timeoutIntervalId)
  return internals
}

/** Replaces the library's socket: collects its output and supplies its input. */
export class MemorySocket extends EventEmitter {
  readonly #written: Buffer[] = []

  write(bytes: Buffer): boolean {
    this.#written.push(bytes)
    return true
  }

  setTimeout(): this {
    return this
  }

  /** Returns the bytes that the library has written since the last call. */
  takeWritten(): Buffer {
    return Buffer.concat(this.#written.splice(0))
  }

  asSocket(): Socket {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library calls nothing but write, on, setTimeout
    return this as unknown as Socket
  }
}

/**
 * Silences the library and gives it our name. Its log is a process-wide default that prints every association on
 * standard output, and its implementation names are process-wide too; both stay set.
 */
export function prepareLibrary(): void {
  try {
    dimse.log.setLevel('silent', false)
    dimse.Implementation.setImplementationClassUid(IMPLEMENTATION_CLASS_UID)
    dimse.Implementation.setImplementationVersion(IMPLEMENTATION_VERSION_NAME)
    dimse.Implementation.setMaxPduLength(0xffffffff)
  } catch (error) {
    throw changed(describe(error), error)
  }
}

export function changed(found: string, cause?: unknown): Failure {
  return new Failure('DIMSE_LIBRARY_CHANGED', `using dcmjs-dimse ${dimse.version}: ${found}`, { cause })
}

/** Throws the first error that the library has reported by an event instead of throwing, and clears the list. */
export function throwReported(errors: unknown[], reading: string): void {
  const [error] = errors.splice(0)
  if (error === undefined) return
  throw violation(
    ABORT_BY_PROVIDER.invalidPduParameter,
    `${reading} that is not understood: ${describe(error)}`,
  )
}

function isNetworkClass(value: unknown): value is NetworkClass {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}
