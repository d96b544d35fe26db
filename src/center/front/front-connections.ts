import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../platform/clock.ts'
import { Crowd, type Place } from '../../platform/http/crowd.ts'
import { peerGroup } from '../../platform/http/peer-address.ts'
import type { FrontLimits } from './front-limits.ts'

interface Held {
  readonly socket: Socket
  place: Place
  /** Ends a stranger's stage; undefined once an agent has been verified. */
  timer: Timer | undefined
  stage: 'handshake' | 'headers' | 'request' | 'agent'
  /** True while a request has no answer yet. */
  isAsking: boolean
}

/**
 * The kind of client that sent a request. A stranger's request is ignored if it did not wait for the answer to the
 * previous one.
 */
type Asker = 'agent' | 'stranger' | 'hasty stranger'

/**
 * The connections of the front. All begin as strangers: few places, and little time for each step. The first request with
 * the verified token of an approved agent moves a connection to the agents' places, which no stranger can take.
 */
export class FrontConnections {
  readonly #limits: FrontLimits
  readonly #clock: Clock
  readonly #strangers: Crowd
  readonly #agents: Crowd
  /** By remote address and port: the TLS socket of a request and the socket under it share nothing else that is public. */
  readonly #held = new Map<string, Held>()

  constructor(limits: FrontLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#strangers = new Crowd(limits.strangers, clock)
    this.#agents = new Crowd(limits.agents, clock)
  }

  /**
   * Called for each accepted socket, before TLS begins. Returns false, and closes the socket, if there is no place for
   * it.
   */
  connected(socket: Socket): boolean {
    const name = nameOf(socket)
    const place =
      name === undefined
        ? undefined
        : this.#strangers.enter(peerGroup(socket.remoteAddress ?? ''), () => void socket.destroy())
    if (name === undefined || place === undefined) {
      socket.destroy()
      return false
    }
    const held: Held = { socket, place, timer: undefined, stage: 'handshake', isAsking: false }
    this.#held.set(name, held)
    this.#limit(held, this.#limits.handshakeMs)
    socket.once('close', () => {
      held.timer?.cancel()
      held.place.leave()
      this.#held.delete(name)
    })
    return true
  }

  /** Called for each TLS socket after its handshake. */
  secured(socket: Socket): void {
    const held = this.#find(socket)
    if (held?.stage !== 'handshake') return
    held.stage = 'headers'
    this.#limit(held, this.#limits.headersMs)
  }

  /** Called for each request. A later request does not extend a stranger's time. */
  asked({ socket }: IncomingMessage, response: ServerResponse): Asker {
    const held = this.#find(socket)
    if (held?.stage === 'agent') return 'agent'
    if (held === undefined || held.isAsking) return 'hasty stranger'
    if (held.stage === 'headers') {
      held.stage = 'request'
      this.#limit(held, this.#limits.requestMs)
    }
    held.isAsking = true
    response.once('finish', () => {
      held.isAsking = false
    })
    return 'stranger'
  }

  /**
   * Called when the token of an approved agent was verified on this request. Returns true if the connection now counts
   * as an agent's.
   */
  proved({ socket }: IncomingMessage, agent: string): boolean {
    const held = this.#find(socket)
    if (held === undefined) return false
    if (held.stage === 'agent') return true
    const place = this.#agents.enter(agent, () => void held.socket.destroy())
    // Without a free agent place the connection is served like a stranger's, within the time for one request.
    if (place === undefined) return false
    held.stage = 'agent'
    held.timer?.cancel()
    held.timer = undefined
    held.place.leave()
    held.place = place
    return true
  }

  #limit(held: Held, delayMs: number): void {
    held.timer?.cancel()
    held.timer = this.#clock.after(delayMs, () => void held.socket.destroy())
  }

  #find(socket: Socket): Held | undefined {
    const name = nameOf(socket)
    return name === undefined ? undefined : this.#held.get(name)
  }
}

/** Returns undefined for a socket whose peer has already gone. */
function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`
}
