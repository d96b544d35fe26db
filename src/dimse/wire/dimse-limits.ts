/** Limits of one listener for its peers. Durations are counted on the monotonic clock. */
export interface DimseLimits {
  /** The longest P-DATA-TF that we announce and take, in bytes. */
  readonly maxPduLength: number
  /**
   * Sockets that have no association, from addresses where no device is listed: in all, and from one address. As many
   * places are kept for addresses of listed devices. If there is no place, the socket that has waited longest at the most
   * crowded address is closed; at the newcomer's own address only after the grace.
   */
  readonly waiting: number
  readonly waitingPerPeer: number
  readonly waitingGraceMs: number
  /** Associations in all and from one address; more are rejected as a transient limit. */
  readonly associations: number
  readonly associationsPerPeer: number
  /** The part of them that is kept for addresses of listed devices, if any device is listed with one. */
  readonly associationsKept: number
  /** Bytes that the data sets of N-ACTION and its like may hold, in all and one of them: they are held whole. */
  readonly requestBytes: number
  readonly requestBytesEach: number
  /** From the connection to the whole A-ASSOCIATE-RQ. */
  readonly requestMs: number
  /** Inside a message: from one whole PDU to the next. Also how long a peer may leave our answer unread. */
  readonly pduMs: number
  /** Between messages. */
  readonly idleMs: number
  /** How long the rest of a data set is read that storage has refused. */
  readonly discardMs: number
  /** How long a peer may take to close after the last PDU (the ARTIM timer, PS3.8 §9.1.5). */
  readonly lingerMs: number
  /** How long running instances may take to finish when the listener closes. */
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

/** A-ASSOCIATE PDUs: 128 contexts with every transfer syntax there is stay far below. */
export const MAX_ASSOCIATE_LENGTH = 64 * 1024

/** A command set is some hundred bytes; the longest legal one stays far below. */
export const MAX_COMMAND_LENGTH = 64 * 1024
