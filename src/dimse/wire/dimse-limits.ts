/** Limits of one listener for its peers. Durations are counted on the monotonic clock. */
export interface DimseLimits {
  /** The longest P-DATA-TF that we announce and accept, in bytes. */
  readonly maxPduLength: number
  /**
   * Maximum number of sockets without an association, from addresses without a listed device: in all, and from one
   * address. The same number is reserved for addresses of listed devices. If the limit is reached, the socket that has
   * waited longest at the most crowded address is closed; at the newcomer's own address only after the grace.
   */
  readonly waiting: number
  readonly waitingPerPeer: number
  readonly waitingGraceMs: number
  /** Maximum number of associations, in all and from one address; more are rejected as a transient limit. */
  readonly associations: number
  readonly associationsPerPeer: number
  /** The part of them that is reserved for addresses of listed devices, if any device is listed with one. */
  readonly associationsKept: number
  /**
   * Maximum number of bytes in the data sets of N-ACTION and similar requests, in all and for one: they are held whole.
   */
  readonly requestBytes: number
  readonly requestBytesEach: number
  /** From the connection to the whole A-ASSOCIATE-RQ. */
  readonly requestMs: number
  /** Within a message: from one whole PDU to the next. Also the time that a peer may leave our answer unread. */
  readonly pduMs: number
  /** Between messages. */
  readonly idleMs: number
  /** Time limit for reading the rest of a data set that storage has refused. */
  readonly discardMs: number
  /** Time limit for the peer to close after the last PDU (the ARTIM timer, PS3.8 §9.1.5). */
  readonly lingerMs: number
  /** Time limit for running instances when the listener closes. */
  readonly closeGraceMs: number
}

export const DEFAULT_LIMITS: DimseLimits = {
  maxPduLength: 128 * 1024,
  waiting: 128,
  waitingPerPeer: 64,
  waitingGraceMs: 1000,
  associations: 64,
  associationsPerPeer: 32,
  associationsKept: 16,
  requestBytes: 16 * 1024 * 1024,
  requestBytesEach: 4 * 1024 * 1024,
  requestMs: 30_000,
  pduMs: 60_000,
  idleMs: 10 * 60_000,
  discardMs: 10 * 60_000,
  lingerMs: 1000,
  closeGraceMs: 10_000,
}

/** A-ASSOCIATE PDUs: 128 contexts with every existing transfer syntax are far shorter. */
export const MAX_ASSOCIATE_LENGTH = 64 * 1024

/** A command set has some hundred bytes; the longest valid one is far shorter. */
export const MAX_COMMAND_LENGTH = 64 * 1024
