import type { Clock } from '../clock.ts'

export interface CrowdLimits {
  /** Connections in all, and of one group: an address, or an agent. */
  readonly limit: number
  readonly limitPerGroup: number
  /** Minimum age of a connection before it is closed for another of its own group. */
  readonly graceMs: number
}

/** A connection's place. It is given back once; further calls are harmless. */
export interface Place {
  leave(): void
}

interface Member extends Place {
  readonly sinceMs: number
  readonly close: () => void
}

/**
 * Places for connections that are not verified yet. A full crowd makes room: the oldest connection of the most crowded
 * group is closed, so that a group that takes many places takes them from itself and never from the others. Inside a
 * group a newcomer is turned away while all of them are young: a flood does not displace those that are about to speak.
 */
export class Crowd {
  readonly #limits: CrowdLimits
  readonly #clock: Clock
  /** Each group's members, the oldest first. */
  readonly #groups = new Map<string, Set<Member>>()
  #size = 0

  constructor(limits: CrowdLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  /** Takes a place. Returns undefined if there is none; `close` is called if the place is taken away later. */
  enter(group: string, close: () => void): Place | undefined {
    if (!this.#makeRoom(group)) return undefined
    const members = this.#groups.get(group) ?? new Set()
    this.#groups.set(group, members)
    const member: Member = {
      sinceMs: this.#clock.monotonicMs(),
      close,
      leave: () => this.#remove(group, member),
    }
    members.add(member)
    this.#size++
    return member
  }

  #makeRoom(group: string): boolean {
    const { limit, limitPerGroup, graceMs } = this.#limits
    const own = this.#sizeOf(group)
    const isGroupFull = own >= limitPerGroup
    if (!isGroupFull && this.#size < limit) return true
    const crowded = isGroupFull ? group : this.#mostCrowded(group)
    const [oldest] = this.#groups.get(crowded) ?? []
    if (oldest === undefined) return false
    // A place is not taken from a group that would then have fewer places than the newcomer's.
    const isFair = this.#sizeOf(crowded) > own + 1
    if (!isFair && this.#clock.monotonicMs() - oldest.sinceMs < graceMs) return false
    oldest.leave()
    oldest.close()
    return true
  }

  #mostCrowded(group: string): string {
    let crowded = group
    for (const [name, members] of this.#groups) if (members.size > this.#sizeOf(crowded)) crowded = name
    return crowded
  }

  #sizeOf(group: string): number {
    return this.#groups.get(group)?.size ?? 0
  }

  #remove(group: string, member: Member): void {
    const members = this.#groups.get(group)
    if (members?.delete(member) !== true) return
    this.#size--
    if (members.size === 0) this.#groups.delete(group)
  }
}
