/** What TLS has made sure of about a peer. */
export interface TlsPeer {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
  readonly cipherSuite: string
  /** The certificate that the peer proved to hold, and that one of our authorities vouches for. */
  readonly certificate?: { readonly subject: string; readonly sha256: string }
}
