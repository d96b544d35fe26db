import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'

/** Some 3 KiB each way; as long as the center waits for it. */
const HANDSHAKE_MS = 30_000

/**
 * Connects by TLS 1.3 to a server that shows one of the pinned keys (SHA-256 of its SubjectPublicKeyInfo, base64url). The
 * pin is the whole proof, so no certificate authority is asked; it is compared before a single byte of a request leaves.
 * Fails with CENTER_IDENTITY for another key, CENTER_UNREACHABLE when there is no connection.
 */
export function pinnedConnector(pins: () => readonly string[], clock: Clock): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    })
    socket.setNoDelay(true)
    socket.setKeepAlive(true)
    let isSettled = false
    const settle = (failure: Failure | null): void => {
      if (isSettled) return
      isSettled = true
      timer.cancel()
      if (failure === null) return callback(null, socket)
      socket.destroy()
      callback(failure, null)
    }
    const timer = clock.after(HANDSHAKE_MS, () =>
      settle(unreachable(`no TLS handshake within ${HANDSHAKE_MS / 1000} s`)),
    )
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(unreachable(error.code ?? error.message, error)),
    )
    socket.once('close', () => settle(unreachable('the connection was closed')))
    socket.once('secureConnect', () => settle(distrust()))
    const distrust = (): Failure | null => {
      try {
        const pin = shownPin(socket)
        return pins().includes(pin) ? null : wrongKey(hostname, pin)
      } catch (error) {
        // The pins lie in files, and there may be no descriptor left; thrown from an event it would end the process.
        const attempted = `connecting to ${hostname}:${port}: finding out which keys to believe`
        return failureFrom(error, 'CENTER_UNREACHABLE', attempted)
      }
    }
    const unreachable = (found: string, cause?: Error): Failure =>
      new Failure('CENTER_UNREACHABLE', `connecting to ${hostname}:${port}: ${found}`, { cause })
  }
}

/** The pin of the key that the peer proved to hold. */
function shownPin(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return 'none'
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64url')
}

function wrongKey(hostname: string, pin: string): Failure {
  return new Failure(
    'CENTER_IDENTITY',
    `connecting to ${hostname}: it shows the key ${pin.slice(0, 12)}…, not one that the center announced; nothing was sent`,
  )
}
