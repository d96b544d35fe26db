import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { isPinnedForOther, type TlsCredentials } from '../tls/tls-credentials.ts'
import { oneLine } from '../wire/certificate-names.ts'
import { BROKEN_OFF, distrustWords, handshakeWords, type Verification } from '../wire/tls-words.ts'

export interface TlsProposal {
  readonly credentials: TlsCredentials
  /**
   * True if the peer's certificate must name the host that we connect to, in addition to being trusted. Many devices
   * and archives are addressed by IP address and have a certificate for a name, or vice versa.
   */
  readonly checkHost: boolean
}

interface SocketOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly tls?: TlsProposal
}

/**
 * Connects. Fails with ASSOCIATION_FAILED if there is no connection, with TLS_FAILED if it cannot be secured, in words
 * about the peer, and with ASSOCIATION_ABORTED if `signal` is aborted first.
 */
export async function openSocket(
  options: SocketOptions,
  connectMs: number,
  signal?: AbortSignal,
): Promise<Socket> {
  const { host, port, clock, tls } = options
  const attempt = `connecting to ${host}:${port}`
  const calledOff = (): boolean => signal?.aborted === true
  if (calledOff()) throw new Failure('ASSOCIATION_ABORTED', `${attempt}: called off`)
  const socket = connect({ host, port, noDelay: true })
  const timer = clock.after(connectMs, () => socket.destroy(new Error('no answer in time')))
  const callOff = (): void => void socket.destroy(new Error('called off'))
  signal?.addEventListener('abort', callOff, { once: true })
  try {
    await once(socket, 'connect')
    return tls === undefined ? socket : await secure(socket, host, tls, clock)
  } catch (error) {
    socket.destroy()
    if (calledOff()) throw new Failure('ASSOCIATION_ABORTED', `${attempt}: called off`)
    if (error instanceof Failure) throw new Failure(error.code, `${attempt}: ${error.message}`)
    throw failureFrom(error, 'ASSOCIATION_FAILED', attempt)
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', callOff)
  }
}

async function secure(
  socket: Socket,
  host: string,
  { credentials, checkHost }: TlsProposal,
  clock: Clock,
): Promise<TLSSocket> {
  const secured = connectTls({
    ...credentials.options,
    socket,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(checkHost ? {} : { checkServerIdentity: () => undefined }),
    // Verified below, so that the failure is described in words and not by a code.
    rejectUnauthorized: false,
  })
  try {
    await Promise.race([once(secured, 'secureConnect'), closed(socket)])
  } catch (error) {
    throw new Failure('TLS_FAILED', handshakeWords(error), { cause: error })
  }
  if (secured.authorized) return secured
  // Read once: a second call does not always return it.
  const certificate = secured.getPeerX509Certificate()
  const [code, nowMs] = [String(secured.authorizationError), clock.now()]
  if (isPinnedForOther(certificate, code, credentials, nowMs)) return secured
  throw new Failure(
    'TLS_FAILED',
    untrusted(certificate, host, { code, authorities: credentials.authorities, nowMs }),
  )
}

async function closed(socket: Socket): Promise<never> {
  await once(socket, 'close')
  throw new Error(BROKEN_OFF)
}

function untrusted(
  certificate: X509Certificate | undefined,
  host: string,
  verification: Omit<Verification, 'use'>,
): string {
  if (certificate !== undefined && verification.code.includes('ALTNAME'))
    return `its certificate (${oneLine(certificate.subject)}) is not for ${host}`
  return distrustWords(certificate, { ...verification, use: 'server' })
}
