import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Opens one connection and begins to misbehave on it; each tick sends a byte more, or reads nothing. */
type Trickle = (at: { port: number; localAddress: string }) => { socket: Socket; tick?: () => void }

const TICK_MS = 500
/** A host that is turned away comes back: it would rather hold a connection for long than open many. */
const BACK_AFTER_MS = 1000

const HELLO = Buffer.from('16030100c8010000c40303', 'hex')

function plain({ port, localAddress }: { port: number; localAddress: string }): Socket {
  return connectPlain({ host: '127.0.0.1', port, localAddress })
    .on('error', () => {})
    .resume()
}

function secured(at: { port: number; localAddress: string }): Socket {
  return connectTls({ socket: plain(at), rejectUnauthorized: false })
    .on('error', () => {})
    .resume()
}

/** Sends the first part at once and then a byte a tick. */
function bytewise(socket: Socket, first: string | Buffer, then: string | Buffer): () => void {
  let at = 0
  socket.write(first)
  return () => void socket.write(Buffer.from(then).subarray(at, ++at))
}

/** The ways in which a stranger holds a connection to the center's front open. */
export const AT_THE_FRONT: readonly Trickle[] = [
  (at) => ({ socket: plain(at) }),
  (at) => {
    const socket = plain(at)
    return { socket, tick: bytewise(socket, HELLO, Buffer.alloc(200, 1)) }
  },
  (at) => ({ socket: secured(at) }),
  (at) => {
    const socket = secured(at)
    return { socket, tick: bytewise(socket, 'GET /v1/health HTTP/1.1\r\nHost: ', 'x'.repeat(10_000)) }
  },
  (at) => {
    const socket = secured(at)
    const head = 'POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n'
    return { socket, tick: bytewise(socket, head, 'x'.repeat(4000)) }
  },
  (at) => {
    const socket = secured(at)
    socket.pause()
    socket.write('GET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500))
    return { socket }
  },
]

/** The ways in which a host holds a connection to the devices' door open without being a device. */
export const AT_THE_DEVICES_DOOR: readonly Trickle[] = [
  (at) => ({ socket: plain(at) }),
  (at) => {
    const socket = plain(at)
    return { socket, tick: bytewise(socket, Buffer.of(1, 0, 0, 0, 0x10, 0), Buffer.alloc(4096, 1)) }
  },
]

interface Tricklers extends Disposable {
  opened(): number
  turnedAway(): number
}

/** Keeps this many connections open from these addresses, in all of these ways, until it is disposed of. */
export function trickle(
  port: number,
  { count, addresses, ways }: { count: number; addresses: readonly string[]; ways: readonly Trickle[] },
): Tricklers {
  const ticks = new Map<Socket, (() => void) | undefined>()
  let [opened, turnedAway, isOver] = [0, 0, false]
  const open = (index: number): void => {
    if (isOver) return
    const localAddress = addresses[index % addresses.length] ?? '127.0.0.1'
    const { socket, tick } = ways[index % ways.length]?.({ port, localAddress }) ?? {}
    if (socket === undefined) return
    opened++
    ticks.set(socket, tick)
    socket.once('close', () => {
      turnedAway++
      ticks.delete(socket)
      setTimeout(() => open(index), BACK_AFTER_MS)
    })
  }
  for (let index = 0; index < count; index++) open(index)
  const timer = setInterval(() => {
    for (const [socket, tick] of ticks) if (socket.writable) tick?.()
  }, TICK_MS)
  return {
    opened: () => opened,
    turnedAway: () => turnedAway,
    [Symbol.dispose]() {
      isOver = true
      clearInterval(timer)
      for (const socket of ticks.keys()) socket.destroy()
    },
  }
}
