import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import { MllpReader, mllpFrame } from '../../../hl7/mllp-reader.ts'
import type { Clock, Timer } from '../../../platform/clock.ts'
import { Failure, failureFrom } from '../../../platform/failure.ts'
import { addressRanges, isInRanges } from '../../../platform/http/address-ranges.ts'
import { withoutMappedPrefix } from '../../../platform/http/peer-address.ts'
import type { Hl7Receiver } from './hl7-receiver.ts'

/** Systems keep one or two connections; each may hold one whole message. */
const CONNECTIONS = 8
/** From the first byte of a message to its last. */
const MESSAGE_MS = 120_000

interface Hl7ListenerOptions {
  readonly hl7: Extract<OrderSourceSettings, { kind: 'hl7' }>['hl7']
  readonly receiver: Hl7Receiver
  readonly clock: Clock
  /** Told for callers that are not on the list, and for bytes that are not HL7. */
  readonly trouble: (failure: Failure) => void
}

/** The port to which systems send HL7 v2 by MLLP. */
export class Hl7Listener implements AsyncDisposable {
  readonly #options: Hl7ListenerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(options: Hl7ListenerOptions) {
    this.#options = options
    const allowed = addressRanges(options.hl7.addresses)
    this.#server = createServer((socket) => {
      const address = withoutMappedPrefix(socket.remoteAddress ?? '')
      if (isInRanges(allowed, address)) void this.#serve(socket)
      else {
        socket.destroy()
        options.trouble(new Failure('ORDERS_REFUSED', `a call from ${address}, which is not in addresses`))
      }
    })
    this.#server.maxConnections = CONNECTIONS
  }

  /** Throws PORT_IN_USE. */
  static async open(options: Hl7ListenerOptions): Promise<Hl7Listener> {
    const listener = new Hl7Listener(options)
    const { host, port } = options.hl7
    try {
      listener.#server.listen({ host, port })
      await once(listener.#server, 'listening')
    } catch (error) {
      throw failureFrom(error, 'PORT_IN_USE', `listening for HL7 on ${host}:${port}`)
    }
    return listener
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  async #serve(socket: Socket): Promise<void> {
    const { hl7, receiver, clock, trouble } = this.#options
    this.#sockets.add(socket)
    socket.setTimeout(hl7.idleMs, () => socket.destroy())
    const reader = new MllpReader(hl7.messageBytes)
    let late: Timer | undefined
    try {
      // The next bytes are read when the messages before them are answered.
      for await (const chunk of socket) {
        late?.cancel()
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a socket without encoding yields buffers
        for (const message of reader.push(chunk as Buffer)) {
          const answer = mllpFrame(await receiver.answer(message))
          if (!socket.write(answer)) await once(socket, 'drain')
        }
        if (reader.isInside) late = clock.after(MESSAGE_MS, () => socket.destroy())
      }
    } catch (error) {
      if (error instanceof Failure) trouble(error)
    } finally {
      late?.cancel()
      this.#sockets.delete(socket)
      socket.destroy()
    }
  }
}
