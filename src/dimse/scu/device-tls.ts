import { readTlsCredentials, type TlsFiles } from '../tls/tls-credentials.ts'
import type { TlsProposal } from './open-socket.ts'

/**
 * How a device is called that listens by TLS: with our own certificate, and believed by the same authorities as when it
 * calls. Its certificate need not name its host: devices are addressed by number. Throws KEY_FILE_INVALID.
 */
export function deviceTls(files: TlsFiles | undefined): TlsProposal | undefined {
  return files === undefined ? undefined : { credentials: readTlsCredentials(files), checkHost: false }
}
