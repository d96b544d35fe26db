import { connect as connectPlain, type NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'

export const openPlain =
  (to: NetConnectOpts): (() => Duplex) =>
  () =>
    connectPlain(to)

export const openTls =
  (port: number, localAddress = '127.0.0.1'): (() => Duplex) =>
  () =>
    connectTls({ socket: connectPlain({ host: '127.0.0.1', port, localAddress }), rejectUnauthorized: false })

/** Sends bytes as they are, and resolves with all that comes until the other side closes. */
export async function sendRaw(open: () => Duplex, bytes: string | Buffer): Promise<string> {
  const socket = open()
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(bytes)
  await closed
  return Buffer.concat(pieces).toString('latin1')
}

/** The status of the first answer in it; undefined if there is none. */
export function statusIn(answer: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]
  return status === undefined ? undefined : Number(status)
}

/** A request whose connection ends after it. */
export function requestFor(target: string, method = 'GET', headers = ''): string {
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`
}

/** Targets that are not a path of any server of ours. */
export const ODD_TARGETS = [
  '//',
  '//evil.example/api/status',
  '///',
  'http://localhost/',
  'http://[',
  'https://localhost:99999/x',
  '*',
  '/%',
  '/%zz/..',
  '/v1/studies/%ff',
  '/?lang=%E5',
  '/\\..\\',
  '/#',
  '/"<>',
  ':0',
]
