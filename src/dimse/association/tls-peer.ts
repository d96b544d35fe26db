/** The identity of a peer that TLS has verified. */
export interface TlsPeer {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
  readonly cipherSuite: string
  /** The certificate that the peer proved to hold, issued by one of our authorities or listed itself. */
  readonly certificate?: TlsPeerCertificate
}

export interface TlsPeerCertificate {
  readonly subject: string
  /** SHA-256 of the whole certificate, in hex with colons. */
  readonly sha256: string
  /** Its common names, and the DNS names and IP addresses of its subject alternative name. */
  readonly names: readonly string[]
}
