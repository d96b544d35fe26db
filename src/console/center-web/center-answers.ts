import type { Role } from '../../protocol/page/center-page-api.ts'
import type { Heartbeat } from '../../protocol/report/heartbeat.ts'

// The answers of the page's server to its script. Both sides are of one build, so nothing is parsed. The types name what the
// page shows; the objects are those that `ferry-center … --json` prints.

/** The person who has signed in. */
export interface Me {
  readonly name: string
  readonly role: Role
  /** The password is the first one: the person must choose another. */
  readonly isFirst: boolean
}

interface Finding {
  readonly level: string
  readonly what: string
  readonly advice: readonly { readonly label: string; readonly text: string }[]
}

/** One agent. */
export interface Tile {
  readonly fingerprint: string
  readonly name: string
  readonly state: 'pending' | 'approved' | 'revoked'
  readonly lastSeenAt: number | null
  readonly conditions: readonly { readonly severity: 'act' | 'coping'; readonly what: string }[]
  readonly heartbeat: { readonly heartbeat: Heartbeat } | null
}

export interface CenterOverview {
  readonly now: number
  readonly version: string
  readonly level: 'act' | 'decide' | 'coping' | 'well'
  readonly headline: string
  readonly findings: readonly Finding[]
  readonly disks: readonly { readonly folder: string; readonly freeBytes: number }[]
  readonly reserveBytes: number
  readonly figures:
    | {
        readonly instances: number
        readonly held: number
        readonly packsUnderWay: number
        readonly lost: number
      }
    | undefined
  readonly tiles: readonly Tile[]
}

export type PacsStateOfStudy = 'refused' | 'held' | 'waiting' | 'unverified' | 'partial' | 'accepted' | 'none'

export interface StudyAtCenter {
  readonly studyInstanceUid: string
  readonly agents: string
  readonly instances: number
  readonly bytes: number
  readonly lastStoredAt: number
  readonly receiptedVersion: number | null
  readonly pacsState: PacsStateOfStudy
  readonly pacsReason: string | null
  /** The reason in the reader's language. */
  readonly reasonText: string
}

export interface CenterStudies {
  readonly days: number
  /** Older studies of these days were not looked at. */
  readonly isCut: boolean
  readonly studies: readonly StudyAtCenter[]
}

export interface HeldAtCenter {
  readonly studyInstanceUid: string
  readonly sopInstanceUid: string
  readonly agent: string
  readonly reason: string
  /** Kind and reason in the reader's language. */
  readonly reasonText: string
  readonly since: number
}

export interface CenterHeld {
  readonly held: readonly HeldAtCenter[]
}

export interface CenterAccounts {
  readonly accounts: readonly {
    readonly name: string
    readonly role: Role
    readonly signedInAt: number | null
  }[]
}
