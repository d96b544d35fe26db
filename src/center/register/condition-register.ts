import type { Heartbeat } from '../../protocol/report/heartbeat.ts'

/** An agent's newest report about itself. */
export interface ReceivedHeartbeat {
  /** Fingerprint of the agent's key. */
  readonly agent: string
  readonly receivedAt: number
  /** How far the agent's clock is ahead of the center's. */
  readonly clockOffsetMs: number
  /** Its times are by the center's clock, apart from `now`. */
  readonly heartbeat: Heartbeat
}

/** Loss of power may undo a heartbeat: the next one comes within a minute. */
export interface HeartbeatRegister {
  keep(received: ReceivedHeartbeat): Promise<void>
  list(): Promise<ReceivedHeartbeat[]>
}

/** A condition of the center that lasts, and its beginning. */
export interface ConditionTime {
  readonly code: string
  readonly subject: string | null
  readonly since: number
  /** Since when it needs a person; null while the center copes with it. */
  readonly actSince: number | null
}

export interface ConditionTimeRegister {
  list(): Promise<ConditionTime[]>
  /** Replaces the rows that differ. */
  change(begun: readonly ConditionTime[], ended: readonly ConditionTime[]): Promise<void>
}
