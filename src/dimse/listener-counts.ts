import { DEFAULT_LIMITS, type DimseLimits } from './dimse-limits.ts'
import { GatheringLimits } from './gathered-data-set.ts'
import { PeerCount } from './peer-count.ts'

/** What peers hold just now, against the limits; listeners may share it. */
export class ListenerCounts {
  readonly connections: PeerCount
  readonly associations: PeerCount
  readonly gathering: GatheringLimits

  constructor(limits: Partial<DimseLimits> = {}) {
    const all = { ...DEFAULT_LIMITS, ...limits }
    this.connections = new PeerCount(all.connections, all.connectionsPerPeer)
    this.associations = new PeerCount(all.associations, all.associationsPerPeer)
    this.gathering = new GatheringLimits(all.requestBytes, all.requestBytesEach)
  }
}
