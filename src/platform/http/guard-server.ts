import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { describe, systemCode } from '../failure.ts'
import type { Log } from '../log.ts'

/** Status lines for errors of Node's parser; every other error is 400. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}
const BAD_REQUEST = '400 Bad Request'

/**
 * Handles the events of an HTTP server other than requests: errors while accepting, bytes that are not HTTP, CONNECT.
 * None of them ends the process, and each connection is closed. `malformed` is called for bytes that are not HTTP.
 */
export function guardServer(
  server: Server | SecureServer,
  log: Log,
  malformed: (peerAddress: string, reason: string) => void,
): void {
  // Without descriptors a connection cannot be accepted (EMFILE); the next one may be.
  server.once('listening', () => {
    server.on('error', (error) => log.warn('a server could not accept', { reason: describe(error) }))
  })
  server.on('clientError', (error, socket) => {
    const code = systemCode(error) ?? ''
    if (code.startsWith('HPE_')) malformed(addressOf(socket), code)
    closeWith(socket, STATUS_LINES[code] ?? BAD_REQUEST)
  })
  server.on('connect', (_, socket) => {
    malformed(addressOf(socket), 'CONNECT')
    closeWith(socket, BAD_REQUEST)
  })
}

function closeWith(socket: Duplex, statusLine: string): void {
  // It was reported already and is about to close: its remaining bytes are not HTTP either.
  if (socket.writableEnded) return
  socket.on('error', () => {})
  if (!socket.writable) return void socket.destroy()
  socket.end(`HTTP/1.1 ${statusLine}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}

function addressOf(socket: Duplex): string {
  return 'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : ''
}
