import type { Failure } from '../../platform/failure.ts'
import type { AssociationRejection } from './association-rejection.ts'
import type { TlsPeer } from './tls-peer.ts'

/** One presentation context as proposed: a SOP class and the transfer syntaxes the peer can send it in. */
export interface ProposedContext {
  /** Odd, 1 to 255, unique in the association. */
  readonly id: number
  readonly abstractSyntaxUid: string
  /** In the proposer's order. */
  readonly transferSyntaxUids: readonly string[]
  /** True if the proposer would be SCP of the SOP class, by SCP/SCU role selection (PS3.7 §D.3.3.4). */
  readonly proposesScp?: true
}

/** The request of a peer in A-ASSOCIATE-RQ. Texts are the peer's, padding removed and otherwise unchecked. */
export interface AssociationRequest {
  readonly callingAeTitle: string
  readonly calledAeTitle: string
  /** IPv4 without the ::ffff: prefix, or IPv6. */
  readonly peerAddress: string
  readonly peerPort: number
  /** True if the peer has an address of this machine. */
  readonly isFromThisMachine?: true
  /** Set if the connection is secured. */
  readonly tls?: TlsPeer
  readonly implementationClassUid?: string
  readonly implementationVersionName?: string
  /** Ascending by id. */
  readonly contexts: readonly ProposedContext[]
}

/**
 * The answer to one proposed context: the agreed transfer syntax, or the reason for the refusal (PS3.8 §9.3.3.2). The
 * peer is SCU of the class, unless it proposes to be SCP and that is accepted.
 */
export type ContextAnswer =
  | { readonly transferSyntaxUid: string; readonly acceptScp?: boolean }
  | { readonly refused: 'abstract-syntax' | 'transfer-syntaxes' }

/** A context that the answer leaves out is refused for its abstract syntax. */
export type AssociationAnswer =
  | {
      readonly accept: true
      readonly contexts: ReadonlyMap<number, ContextAnswer>
      /** The longest P-DATA-TF that is announced to this peer; undefined means the listener's. */
      readonly maxPduLength?: number
    }
  | {
      readonly accept: false
      readonly rejection: AssociationRejection
      /** The reason for the log; the peer learns only the rejection. */
      readonly reason?: string
    }

/** A C-STORE request whose data set is about to arrive. UIDs are the peer's, padding removed and otherwise unchecked. */
export interface StoreRequest {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  /** The transfer syntax accepted for the presentation context; the data set is encoded in it. */
  readonly transferSyntaxUid: string
  readonly association: AssociationRequest
  readonly messageId: number
}

/** The answer to the peer about an instance. */
export interface StoreAnswer {
  /** PS3.4 §B.2.3, see {@link STORAGE_STATUS}. */
  readonly status: number
  /** Shown by some devices: plain ASCII, at most 64 characters (LO), no patient data. Longer text is cut. */
  readonly errorComment?: string
}

/**
 * Takes one instance's data set. Calls come one at a time; exactly one of `finish` and `discard` ends them, regardless
 * of what `push` returned before.
 */
export interface StoreSink {
  /**
   * Takes the next bytes, which are good until it returns: a sink that keeps any copies them, also for the time in which
   * the caller waits for it. A returned promise asks the caller to wait until it resolves. After
   * a rejection the rest of the data set is read and dropped, and then `finish` is called for the status to answer.
   */
  push(chunk: Buffer): Promise<void> | undefined
  /**
   * Called when the data set is complete, or as much of it as `push` accepted. The peer waits until the answer is
   * given.
   */
  finish(): Promise<StoreAnswer>
  /** Called if the data set will never be complete. */
  discard(reason: Failure): void
}

/** How an accepted association ended. */
export type AssociationEnd =
  | { readonly how: 'released' }
  | { readonly how: 'aborted'; readonly failure: Failure }
