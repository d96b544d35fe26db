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

/** A target of messages that does not get them. */
export interface FailingTarget {
  readonly target: string
  readonly since: number
  readonly reason: string
}

/** A wish that no message is sent about some conditions. */
export interface MessageSilence {
  readonly id: number
  readonly code: string
  /** One subject and everything under it; null = all. */
  readonly subject: string | null
  readonly begunAt: number
  readonly begunBy: string
  readonly until: number
  readonly endedAt: number | null
  readonly endedBy: string | null
}

/** The conditions of which each target of messages was told. The content is JSON of the condition. */
export interface MessageRegister {
  told(target: string): Promise<{ content: string; toldAt: number }[]>
  sent(
    target: string,
    now: number,
    told: readonly { code: string; subject: string | null; content: string }[],
    ended: readonly { code: string; subject: string | null }[],
  ): Promise<void>
  failed(target: string, now: number, reason: string): Promise<void>
  settled(target: string): Promise<void>
  lastSentAt(target: string): Promise<number | undefined>
  failing(): Promise<FailingTarget[]>
  /** Forgets targets that are no longer configured. */
  keepOnly(targets: readonly string[]): Promise<void>
}

export interface SilenceRegister {
  add(
    silence: Pick<MessageSilence, 'code' | 'subject' | 'begunAt' | 'begunBy' | 'until'>,
  ): Promise<MessageSilence>
  /** The newest first; at most `limit`. */
  list(limit: number): Promise<MessageSilence[]>
  /** Silences that are in force. */
  active(now: number): Promise<MessageSilence[]>
  /** Ends one that is in force; returns false if there is none of this number. */
  end(id: number, by: string, now: number): Promise<boolean>
}
