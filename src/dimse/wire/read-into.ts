import type { Socket } from 'node:net'

/** The part of Node's own sockets by which `onread` of `new net.Socket` works, the same since Node 12. */
interface Internals {
  readonly handle: { useUserBuffer(buffer: Uint8Array): void }
  readonly buffer: symbol
  readonly callback: symbol
}

/**
 * Has a plain TCP socket read into `buffer`, which other sockets may share, and hands `arrived` each time a view that is
 * good until it returns. Node offers that (`onread`) only for sockets that one opens; an accepted one gets it by the same
 * fields. Returns false, and changes nothing, if they are not there, for TLS, and on Windows, where a read may be under
 * way before there are bytes: the socket's 'data' events must then be used.
 */
export function readInto(socket: Socket, buffer: Buffer, arrived: (bytes: Buffer) => void): boolean {
  const internals = internalsOf(socket)
  if (internals === undefined || socket.readableLength > 0) return false
  const callback = (length: number): void => arrived(buffer.subarray(0, length))
  Object.assign(socket, { [internals.buffer]: buffer, [internals.callback]: callback })
  internals.handle.useUserBuffer(buffer)
  socket.resume()
  return true
}

function internalsOf(socket: Socket): Internals | undefined {
  if (process.platform === 'win32' || 'encrypted' in socket) return undefined
  const handle: unknown = Reflect.get(socket, '_handle')
  const symbols = new Map(Object.getOwnPropertySymbols(socket).map((symbol) => [symbol.description, symbol]))
  const [buffer, callback] = [symbols.get('kBuffer'), symbols.get('kBufferCb')]
  if (!takesBuffers(handle) || buffer === undefined || callback === undefined) return undefined
  return { handle, buffer, callback }
}

function takesBuffers(handle: unknown): handle is Internals['handle'] {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'useUserBuffer' in handle &&
    typeof handle.useUserBuffer === 'function'
  )
}
