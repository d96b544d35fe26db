import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { resetSocket } from './reset-socket.ts'

/** A line that can be cut: every connection to it goes on to `targetPort` on this machine. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  readonly #server: ReturnType<typeof createServer>
  readonly #sockets = new Set<Socket>()
  /** Bytes that may still go to the target before everything is cut; then it is whole again. */
  #bytesToCut = Number.POSITIVE_INFINITY
  cuts = 0
  /** New connections are reset at once, as by a machine that is up and a program that is not. */
  isRefusing = false
  /** Towards the target, each connection for itself. */
  bytesPerSecond = Number.POSITIVE_INFINITY

  private constructor(server: ReturnType<typeof createServer>, targetPort: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      if (this.isRefusing) resetSocket(socket)
      else this.#join(socket, connect({ host: '127.0.0.1', port: targetPort }))
    })
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpProxy(server, targetPort)
  }

  /** Cuts every connection once so many more bytes have gone to the target. */
  cutAfter(bytes: number): void {
    this.#bytesToCut = bytes
  }

  /** Cuts every connection now. */
  cut(): void {
    this.#bytesToCut = Number.POSITIVE_INFINITY
    this.cuts++
    for (const socket of this.#sockets) resetSocket(socket)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
    far.pipe(near)
    near.on('data', (bytes: Buffer) => {
      this.#bytesToCut -= bytes.length
      if (this.#bytesToCut <= 0) return this.cut()
      const isFull = !far.write(bytes)
      const slowMs = (1000 * bytes.length) / this.bytesPerSecond
      if (!isFull && slowMs === 0) return undefined
      near.pause()
      const goOn = (): void => void setTimeout(() => near.resume(), slowMs)
      if (isFull) far.once('drain', goOn)
      else goOn()
      return undefined
    })
  }
}
