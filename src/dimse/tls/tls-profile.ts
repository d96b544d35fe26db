import type { SecureContextOptions } from 'node:tls'

/** TLS 1.3 where the peer knows it; for TLS 1.2 those of RFC 9325 §4.2. SECLEVEL 2: no RSA key of less than 2048 bits. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  '@SECLEVEL=2',
].join(':')

/** The BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 §B.12). */
export const TLS_PROFILE = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
} as const satisfies SecureContextOptions
