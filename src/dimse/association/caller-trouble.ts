/**
 * The reason why a caller got no association, or lost some of its presentation contexts, before the handlers decided.
 *
 * - `tls-on-plain`, `plain-on-tls`, `handshake-failed`: TLS, or the lack of it.
 * - `request`: its request, or the bytes that it sent instead, break PS3.8, or ended early.
 * - `contexts`: single presentation contexts break PS3.8; the association continues without them.
 * - `foreign`: the bytes that it sent are not DICOM.
 * - `silent`: it connected and sent nothing, as port scans and monitoring do.
 * - `limit`: too many associations are open.
 */
export interface CallerTrouble {
  readonly kind:
    | 'tls-on-plain'
    | 'plain-on-tls'
    | 'handshake-failed'
    | 'request'
    | 'contexts'
    | 'foreign'
    | 'silent'
    | 'limit'
  readonly peerAddress: string
  /** The AE title of the request, as far as it arrived. */
  readonly callingAeTitle?: string
  readonly calledAeTitle?: string
  /** A sentence about the caller, without a full stop. */
  readonly words: string
}
