import type {
  ConditionTime,
  FailingTarget,
  MessageSilence,
  ReceivedHeartbeat,
} from '../register/condition-register.ts'
import type { Agent, Note, PacsCounts } from '../register/register.ts'

/** Every condition that the center's status can name. The console has words for each in both languages. */
export type ConditionCode =
  | 'NOT_RUNNING'
  | 'REGISTER_UNREADABLE'
  | 'STORAGE_FULL'
  | 'STORAGE_LOW'
  | 'STORE_MISSING'
  | 'INSTANCES_LOST'
  | 'BALLAST_GONE'
  | 'PACS_REFUSED'
  | 'PACS_UNVERIFIED'
  | 'INSTANCES_HELD'
  | 'CONFLICTS'
  | 'PACS_UNREACHABLE'
  | 'PACS_ADDRESS'
  | 'PACS_DENIES_US'
  | 'KEYS_REFUSED'
  | 'AGENT_PENDING'
  | 'AGENT_SILENT'
  | 'AGENT_CLONED'
  | 'AGENT_STUCK'
  | 'AGENT_STORAGE_FULL'
  | 'AGENT_STORAGE_LOW'
  | 'AGENT_REPORTS'
  | 'DEVICE_SILENT'
  | 'CLOCK_OFF'
  | 'CENTER_CLOCK_OFF'
  | 'MESSAGES_UNSENT'

/** One problem at the center. */
export interface Condition {
  readonly code: ConditionCode
  /** 'act': a person is needed. 'coping': the center continues by itself. */
  readonly severity: 'act' | 'coping'
  /** Ms since 1970; null only if the register, which keeps it, cannot be read. */
  readonly since: number | null
  /**
   * The subject of the condition: an agent's name, a folder, or an agent's name and one of its devices or problems with a
   * slash between. Code and subject together name one condition.
   */
  readonly subject: string | null
  /**
   * Values for the placeholders: `name` is the agent's. A name that ends in Bytes or Ms is shown in readable units. No
   * patient data and no UID.
   */
  readonly values: Readonly<Record<string, string | number>>
  /** Until when no message is sent about it; null = messages are sent. */
  readonly silencedUntil: number | null
}

/** Times after which a problem needs a person. */
export interface AlarmTimes {
  /** An approved agent that has not asked for anything for this long. */
  readonly agentSilentMs: number
  /** A PACS that has been out of reach for this long. */
  readonly pacsAwayMs: number
  /** An instance of an agent that has had no receipt for this long. */
  readonly agentStuckMs: number
  /** Clocks of an agent and of the center that differ by more than this. */
  readonly clockOffMs: number
}

export interface DiskState {
  readonly folder: string
  readonly freeBytes: number
}

/** The facts in the register from which conditions are derived. */
export interface RegisterState {
  readonly agents: readonly Agent[]
  readonly heartbeats: readonly ReceivedHeartbeat[]
  readonly pacs: PacsCounts
  /** Unreleased instances that came after another version: all, and those of them that are held from the PACS. */
  readonly conflicts: { readonly count: number; readonly heldFromPacs: number }
  /** Instances whose files are gone or damaged and that no agent has sent again; the time of the first. */
  readonly lost: { readonly count: number; readonly since: number | null }
  /** False if the folder of instances does not have the marker that the register expects. */
  readonly isStoreThere: boolean
  /** Written by the running center; see {@link Note}. */
  readonly notes: readonly Note[]
  /** When the running center first saw each condition. */
  readonly firstSeen: readonly ConditionTime[]
  /** Targets of messages that fail, and the silences in force. */
  readonly failingTargets: readonly FailingTarget[]
  readonly silences: readonly MessageSilence[]
  /** When the running center last looked at its conditions; null before the first time. */
  readonly lookedAt: number | null
}

/** Everything known about a center to a process that need not be the running center. */
export interface CenterState {
  readonly now: number
  readonly isRunning: boolean
  readonly folder: string
  /** One for each file system that holds part of the center's data; the first holds the register. */
  readonly disks: readonly DiskState[]
  readonly reserveBytes: number
  /** The file that is released when the disk is full. */
  readonly ballast: { readonly wantedBytes: number; readonly bytes: number }
  /** The reason, if the register cannot be read. */
  readonly register: RegisterState | { readonly unreadable: string }
}

type Details = Partial<Omit<Condition, 'code' | 'severity'>>

/** A condition that needs a person. */
export function act(code: ConditionCode, details: Details = {}): Condition {
  return { code, severity: 'act', since: null, subject: null, values: {}, silencedUntil: null, ...details }
}

/** A condition with which the center copes. */
export function coping(code: ConditionCode, details: Details = {}): Condition {
  return { ...act(code, details), severity: 'coping' }
}

/** A text that names one condition. */
export function conditionKey({
  code,
  subject,
}: {
  readonly code: string
  readonly subject: string | null
}): string {
  return JSON.stringify([code, subject ?? ''])
}
