import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import type { Clock } from '../../platform/clock.ts'
import { Failure, type FailureCode, failureFrom } from '../../platform/failure.ts'
import { pinServerName } from '../../protocol/pin-name.ts'

/** Some 3 KiB each way; the center waits equally long. */
const HANDSHAKE_MS = 30_000
/** Only a center that rotates its key in haste announces more at one time. */
const PINS_ASKED_FOR = 4
/** The first bytes of the answer are not a TLS record: plain HTTP, another protocol, or a proxy. */
const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_RECORD_LAYER_FAILURE',
  'ERR_SSL_UNEXPECTED_MESSAGE',
])

/**
 * Connects by TLS 1.3 to a server that shows one of the pinned keys (SHA-256 of its SubjectPublicKeyInfo, base64url).
 * The pin is the whole proof, so no certificate authority is needed; it is compared before the first byte of a request
 * is sent. If the center shows a newer key, it is asked, by server name, for each key that is known here: it keeps the
 * old ones for agents that were away. Fails with CENTER_IDENTITY for another key, CENTER_UNREACHABLE if there is no
 * connection, and CENTER_NOT_TLS if what answers does not speak TLS.
 */
export function pinnedConnector(pins: () => readonly string[], clock: Clock): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const at = { host: hostname, port: Number(port) }
    void handOver(connectPinned(at, pins, clock), at, callback)
  }
}

/**
 * Connects by TLS 1.3 to a server that shows any key, and tells its pin: for the first contact by a join code, whose
 * answer proves whose key it is.
 */
export function firstContactConnector(shown: (pin: string) => void, clock: Clock): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const at = { host: hostname, port: Number(port) }
    const connecting = handshake(at, isIP(at.host) === 0 ? at.host : undefined, clock).then((socket) => {
      shown(shownPin(socket))
      return socket
    })
    void handOver(connecting, at, callback)
  }
}

/** Never rejects, and calls back once. */
async function handOver(
  connecting: Promise<TLSSocket>,
  { host, port }: Place,
  callback: buildConnector.Callback,
): Promise<void> {
  let socket: TLSSocket
  try {
    socket = await connecting
  } catch (error) {
    return callback(failureFrom(error, 'CENTER_UNREACHABLE', `connecting to ${host}:${port}`), null)
  }
  callback(null, socket)
}

interface Place {
  host: string
  port: number
}

async function connectPinned(at: Place, pins: () => readonly string[], clock: Clock): Promise<TLSSocket> {
  const [first, ...others] = [
    ...(isIP(at.host) === 0 ? [at.host] : [undefined]),
    ...pinsNow(at, pins).slice(0, PINS_ASKED_FOR).map(pinServerName),
  ]
  const socket = await handshake(at, first, clock)
  const shown = shownPin(socket)
  if (pinsNow(at, pins).includes(shown)) return socket
  socket.destroy()
  for (const name of others) {
    const again = await handshake(at, name, clock)
    if (pinsNow(at, pins).includes(shownPin(again))) return again
    again.destroy()
  }
  throw wrongKey(at.host, shown)
}

/** The pins are stored in files, and there may be no free descriptor. */
function pinsNow({ host, port }: Place, pins: () => readonly string[]): readonly string[] {
  try {
    return pins()
  } catch (error) {
    const attempted = `connecting to ${host}:${port}: finding out which keys to believe`
    throw failureFrom(error, 'CENTER_UNREACHABLE', attempted)
  }
}

/** Resolves with an encrypted connection to a server that is not yet identified. */
function handshake({ host, port }: Place, servername: string | undefined, clock: Clock): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect({
    host,
    port,
    ...(servername === undefined ? {} : { servername }),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  })
  socket.setNoDelay(true)
  socket.setKeepAlive(true)
  const broke = (found: string, cause?: Error, code: FailureCode = 'CENTER_UNREACHABLE'): void => {
    const failure = new Failure(code, `connecting to ${host}:${port}: ${found}`, { cause })
    timer.cancel()
    reject(failure)
    socket.destroy()
  }
  const timer = clock.after(HANDSHAKE_MS, () => broke(`no TLS handshake within ${HANDSHAKE_MS / 1000} s`))
  socket.once('error', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? error.message
    if (NO_TLS.has(code)) broke(`what answers there does not speak TLS (${code})`, error, 'CENTER_NOT_TLS')
    else broke(code, error)
  })
  socket.once('close', () => broke('the connection was closed'))
  socket.once('secureConnect', () => {
    timer.cancel()
    resolve(socket)
  })
  return promise
}

/** Returns the pin of the key that the peer proved to hold. */
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
