/** Why a device could not connect because of TLS: what the log and the list of devices say about it. */
export interface TlsTrouble {
  readonly kind: 'tls-on-plain' | 'plain-on-tls' | 'handshake-failed'
  readonly peerAddress: string
  /** What the peer calls itself and us, where it has said so. */
  readonly callingAeTitle?: string
  readonly calledAeTitle?: string
  /** What was found, as the end of a sentence about the device. */
  readonly words: string
}
