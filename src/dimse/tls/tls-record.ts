/** The types of TLS records with which the two sides begin (RFC 8446 §5.1). */
const ALERT = 21
const HANDSHAKE = 22
const FATAL = 2
const HANDSHAKE_FAILURE = 40

/** Whether bytes begin a TLS handshake. No PDU begins like that: the first byte would be its type. */
export function isTlsRecord(firstBytes: Buffer): boolean {
  return firstBytes[0] === HANDSHAKE && (firstBytes.length < 2 || firstBytes[1] === 3)
}

/** The alert that tells a TLS client that there will be no handshake (RFC 5246 §7.2). */
export const TLS_HANDSHAKE_FAILURE = Buffer.of(ALERT, 3, 3, 0, 2, FATAL, HANDSHAKE_FAILURE)
