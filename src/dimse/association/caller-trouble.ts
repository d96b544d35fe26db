/**
 * Why a caller got no association, or lost some of its presentation contexts, before anybody decided about it.
 *
 * - `tls-on-plain`, `plain-on-tls`, `handshake-failed`: TLS, or the lack of it.
 * - `request`: its request, or what it sent instead, breaks PS3.8, or broke off in the middle.
 * - `contexts`: single presentation contexts break PS3.8; the association goes on without them.
 * - `foreign`: what it sent is not DICOM.
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
  /** The AE titles of the request, as far as it came. */
  readonly callingAeTitle?: string
  readonly calledAeTitle?: string
  /** A sentence about the caller, without a full stop. */
  readonly words: string
}
