import type { Clock } from '../../platform/clock.ts'
import { Crowd, type Place } from '../../platform/http/crowd.ts'
import { peerGroup } from '../../platform/http/peer-address.ts'
import { DEFAULT_LIMITS, type DimseLimits } from '../wire/dimse-limits.ts'
import { GatheringLimits } from '../wire/gathered-data-set.ts'
import { ReadingTurns } from '../wire/reading-turns.ts'

/** The addresses from which listed devices call. */
export interface KnownAddresses {
  has(peerAddress: string): boolean
  /** True if no device is listed with an address. */
  readonly isEmpty: boolean
}

/** Counts of the sockets and associations of all peers, checked against the limits; listeners may share it. */
export class ListenerCounts {
  readonly gathering: GatheringLimits
  readonly turns = new ReadingTurns()
  readonly #known: KnownAddresses
  readonly #associations: PeerCount
  readonly #kept: number
  /** Sockets without an association: from addresses of listed devices, and from all others. */
  readonly #waiting: { readonly known: Crowd; readonly unlisted: Crowd }

  constructor(limits: Partial<DimseLimits>, clock: Clock, known: KnownAddresses = NO_ADDRESSES) {
    const all = { ...DEFAULT_LIMITS, ...limits }
    const crowd = { limit: all.waiting, limitPerGroup: all.waitingPerPeer, graceMs: all.waitingGraceMs }
    this.#known = known
    this.#waiting = { known: new Crowd(crowd, clock), unlisted: new Crowd(crowd, clock) }
    this.#associations = new PeerCount(all.associations, all.associationsPerPeer)
    this.#kept = Math.min(all.associationsKept, Math.floor(all.associations / 2))
    this.gathering = new GatheringLimits(all.requestBytes, all.requestBytesEach)
  }

  /**
   * Takes a place for a socket that has no association yet, or no longer has one. `close` is called if the place is
   * taken away.
   */
  wait(peerAddress: string, close: () => void): Place | undefined {
    const crowd = this.#known.has(peerAddress) ? this.#waiting.known : this.#waiting.unlisted
    return crowd.enter(peerGroup(peerAddress), close)
  }

  /** Takes one more association for the address; returns false, and takes nothing, if a limit is reached. */
  associate(peerAddress: string): boolean {
    const isEqual = this.#known.isEmpty || this.#known.has(peerAddress)
    return this.#associations.take(peerGroup(peerAddress), isEqual ? 0 : this.#kept)
  }

  dissociate(peerAddress: string): void {
    this.#associations.giveBack(peerGroup(peerAddress))
  }
}

const NO_ADDRESSES: KnownAddresses = { has: () => false, isEmpty: true }

/** Counts what each address holds, against a limit for all and one for each. */
class PeerCount {
  readonly #limit: number
  readonly #limitPerPeer: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(limit: number, limitPerPeer: number) {
    this.#limit = limit
    this.#limitPerPeer = limitPerPeer
  }

  /**
   * Takes one more for the address. Returns false, and takes nothing, if a limit is reached; `kept` places are not for
   * this address.
   */
  take(address: string, kept: number): boolean {
    const held = this.#held.get(address) ?? 0
    if (this.#total >= this.#limit - kept || held >= this.#limitPerPeer) return false
    this.#total++
    this.#held.set(address, held + 1)
    return true
  }

  giveBack(address: string): void {
    const held = this.#held.get(address) ?? 0
    this.#total--
    if (held > 1) this.#held.set(address, held - 1)
    else this.#held.delete(address)
  }
}
