import { keepPace } from '../../support/clocks/keep-pace.ts'
import { RawAssociation, type RawContext } from '../../support/peers/raw-association.ts'

/** The way in for hostile sockets: one address, many connections, all of which end at once when `signal` is aborted. */
export class Door {
  readonly #port: number
  readonly #address: string
  readonly #inside = new Set<RawAssociation>()
  readonly signal: AbortSignal

  constructor(port: number, address: string, signal: AbortSignal) {
    this.#port = port
    this.#address = address
    this.signal = signal
    signal.addEventListener('abort', () => {
      // A reset would wait until all is sent, and the other end may not be reading.
      for (const raw of this.#inside) raw.close()
    })
  }

  async connect(): Promise<RawAssociation> {
    const raw = await RawAssociation.connect(this.#port, this.#address)
    // It came too late: nothing else would end it.
    if (this.signal.aborted) raw.close()
    this.#inside.add(raw)
    raw.socket.once('close', () => this.#inside.delete(raw))
    return raw
  }

  /** Connects with an association; undefined if it was rejected. */
  async associate(contexts?: readonly RawContext[]): Promise<RawAssociation | undefined> {
    const raw = await this.connect()
    const { type } = await raw.associate(contexts === undefined ? {} : { contexts })
    if (type === 2) return raw
    raw.close()
    return undefined
  }

  /** Says nothing more. */
  async stay(raw: RawAssociation | undefined): Promise<void> {
    if (raw === undefined || raw.socket.closed) return
    await new Promise((resolve) => raw.socket.once('close', resolve))
  }

  /** Pauses at an attacker's own pace. */
  async keepPace(paceMs: number): Promise<void> {
    await keepPace(paceMs, this.signal)
  }
}
