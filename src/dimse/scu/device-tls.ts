import { readTlsCredentials, type TlsFiles } from '../tls/tls-credentials.ts'
import type { TlsProposal } from './open-socket.ts'

/**
 * Returns the TLS settings for calls to a device: our own certificate, and the same authorities as for its calls to us.
 * The device's certificate need not name its host, because devices are addressed by IP address. Throws
 * KEY_FILE_INVALID.
 */
export function deviceTls(files: TlsFiles | undefined): TlsProposal | undefined {
  return files === undefined ? undefined : { credentials: readTlsCredentials(files), checkHost: false }
}
