import type { SurveyDoubt } from '../../dicom/find/data-set-survey.ts'
import type { AgentState, ReceiptLink } from '../../protocol/center-api.ts'
import type { PacsState } from '../../protocol/receipt.ts'

import type { AccountRegister } from './account-register.ts'

import type {
  ConditionTimeRegister,
  HeartbeatRegister,
  MessageRegister,
  SilenceRegister,
} from './condition-register.ts'

import type { MarkerRegister, ScrubRegister, StoredFile, StoredFileRegister } from './store-register.ts'

/**
 * The center's durable memory. Each method that changes something is one commit, on the disk when it resolves
 * (`seen` and the scrub's `save` may be lost). Embedded it is SQLite in the center's folder (sqlite/open-register.ts);
 * promises, since a register across a network could not answer at once. Times are ms since 1970.
 *
 * Each part is an interface of its own, so that a module takes the part that it needs, and a test can replace one part by
 * one that fails.
 */
export interface Register {
  readonly accounts: AccountRegister
  readonly agents: AgentRegister
  readonly heartbeats: HeartbeatRegister
  readonly conditionTimes: ConditionTimeRegister
  readonly messages: MessageRegister
  readonly silences: SilenceRegister
  readonly keyLists: KeyListRegister
  readonly packs: PackRegister
  readonly instances: InstanceRegister
  readonly files: StoredFileRegister
  readonly marker: MarkerRegister
  readonly scrub: ScrubRegister
  readonly receipts: ReceiptRegister
  readonly handOn: HandOnRegister
  readonly notes: NoteRegister
  close(): void
}

export interface Agent {
  /** Fingerprint of its signing key. */
  readonly kid: string
  readonly publicKey: Buffer
  /** The operator's name for it. */
  readonly name: string
  /** The agent's name for itself. */
  readonly ownName: string
  readonly state: AgentState
  readonly joinedAt: number
  readonly approvedAt: number | null
  readonly revokedAt: number | null
  readonly lastSeenAt: number | null
  /** Grows whenever instances that concern this agent are found lost, or found again. */
  readonly losses: number
  /** Two machines were found to use its key: the first and the last time. */
  readonly clonedSince: number | null
  readonly clonedAt: number | null
}

export interface Invite {
  readonly tokenSha256: string
  readonly name: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly isUsed: boolean
}

export interface Joining {
  readonly tokenSha256: string
  readonly kid: string
  readonly publicKey: Buffer
  readonly ownName: string
  readonly now: number
}

export interface AgentRegister {
  addInvite(invite: Invite): Promise<void>
  invite(tokenSha256: string): Promise<Invite | undefined>
  /**
   * Spends the invite on this key, which becomes a pending agent unless it is known: a known key keeps its state, and
   * spends the invite too. The key that spent it may use it again, since its first answer may be lost. Undefined if the
   * token is unknown, expired, or spent by another key.
   */
  join(joining: Joining): Promise<Agent | undefined>
  find(kid: string): Promise<Agent | undefined>
  list(): Promise<Agent[]>
  approve(kid: string, now: number): Promise<void>
  revoke(kid: string, now: number): Promise<void>
  /** Undoes a revocation: the agent has its former state. */
  unrevoke(kid: string): Promise<void>
  seen(kid: string, now: number): Promise<void>
  /** Records that two machines use this key now. */
  cloned(kid: string, now: number): Promise<void>
}

export interface KeyListRegister {
  /**
   * Returns the newest signed list if it says `content`, unless it must be issued again; otherwise a new one, whose
   * version is above every known one and at least `atLeast`.
   */
  publish(
    content: string,
    issue: { readonly atLeast: number; readonly again: boolean },
    sign: (version: number) => string,
  ): Promise<{ readonly version: number; readonly jws: string }>
}

/** An upload: a pack that is arriving, or an answered one. */
export interface PackRow {
  readonly uploadId: string
  readonly agent: string
  readonly pack: string
  readonly bytes: number
  readonly createdAt: number
  /** JSON of a {@link SettledPack}; null until then. */
  readonly answer: string | null
}

export interface PackRegister {
  /** Returns the agent's upload of this pack: the existing one, or the given one after adding it. */
  create(row: Omit<PackRow, 'answer'>): Promise<PackRow>
  find(uploadId: string): Promise<PackRow | undefined>
  /** The agent's upload of this pack, answered or not. */
  announced(agent: string, pack: string): Promise<PackRow | undefined>
  unanswered(): Promise<PackRow[]>
  createdBefore(time: number): Promise<PackRow[]>
  remove(uploadId: string): Promise<void>
}

/** The identity of one version of an instance. */
export interface StoredVersion {
  readonly sopInstanceUid: string
  readonly dataSetSha256: string
  readonly transferSyntaxUid: string
}

/** A member of a pack that has been opened, checked, and stored. */
export interface StoredMember extends StoredVersion {
  readonly ulid: string
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopClassUid: string
  /** The envelope's. */
  readonly policy: string
  /** The reason why other programs may find other UIDs in it; undefined if they cannot. */
  readonly doubt: SurveyDoubt | undefined
  readonly dataSetBytes: number
  readonly sealedBytes: number
  readonly sealedSha256: string
  /** The file that was written; undefined if the version was in the store already. */
  readonly file: string | undefined
  readonly fileBytes: number
  /** Digest of the whole file; empty if none was written. */
  readonly fileSha256: string
}

/** A version that was stored once, with the file that holds it unless that is lost. */
export interface KnownVersion extends StoredFile {
  /** 1 if its file is lost. */
  readonly isLost: number
}

/** The register's record of an instance that a manifest lists. */
export interface Holding extends KnownVersion {
  readonly pacsState: PacsState
  readonly dataSetBytes: number
  /** Size of the delivery under the listed ULID; null if the same data set came only under another one. */
  readonly sealedBytes: number | null
  readonly sealedSha256: string | null
}

export interface InstanceRegister {
  find(version: StoredVersion): Promise<KnownVersion | undefined>
  /**
   * Records all stored members of a pack together with its answer, in one commit. A lost instance that arrived again is
   * restored, with its new file.
   */
  settle(
    pack: PackRow,
    answer: string,
    members: readonly StoredMember[],
    terms: SettleTerms,
  ): Promise<Settled>
  /** True if an instance has this stored file, or had it when it was found damaged. */
  names(file: string): Promise<boolean>
  /** Returns the record of a version, and of its delivery by this agent under this ULID. */
  holding(agent: string, ulid: string, version: StoredVersion): Promise<Holding | undefined>
  /** Studies of which something was stored since then, the newest first. */
  studies(since: number, limit: number): Promise<StoredStudy[]>
  count(): Promise<{ instances: number; held: number; conflicts: number }>
  /** Instances that are held from the PACS, and are in conflict with an earlier version. */
  conflictsHeldFromPacs(): Promise<number>
  /** Instances that wait for an operator, the oldest first; or those that were released, the newest first. */
  held(which: 'waiting' | 'released', limit: number): Promise<HeldInstance[]>
  /** Releases everything held of a study, or one SOP instance, in the name of `by`; returns how many were held. */
  release(what: ReleaseTarget, by: string, now: number): Promise<number>
}

export type ReleaseTarget = { readonly studyInstanceUid: string } | { readonly sopInstanceUid: string }

/** The reason why an instance does not go to the PACS by itself. */
export type Hold = 'conflict' | 'foreign' | 'unreadable'

export interface HeldInstance {
  readonly studyInstanceUid: string
  readonly sopInstanceUid: string
  /** The operator's name for the agent that brought it. */
  readonly agent: string
  readonly hold: Hold
  readonly reason: string
  readonly since: number
  readonly releasedAt: number | null
  readonly releasedBy: string | null
}

/** The result for the files that a pack's members were written to. */
export interface Settled {
  /** Not needed, since another pack brought the same version meanwhile. */
  readonly superfluous: readonly string[]
  /** For instances that were lost: the new file, and the old one if a damaged one is kept. */
  readonly healed: readonly { readonly file: string; readonly damagedFile: string | undefined }[]
}

export interface SettleTerms {
  readonly now: number
  readonly pacs: PacsTerms
}

/** Which instances are meant for a PACS. */
export interface PacsTerms {
  /** False: the center only stores. */
  readonly isConfigured: boolean
  /** True if it gets instances whose UIDs only a second reading found. */
  readonly takesSecondReadings: boolean
  /** Returns true if copies of this policy (the envelope's) are for the PACS. */
  readonly takes: (policy: string) => boolean
}

/** A study in figures. */
export interface StoredStudy {
  readonly studyInstanceUid: string
  readonly instances: number
  readonly bytes: number
  /** Instances that wait for an operator to release them. */
  readonly held: number
  readonly lastStoredAt: number
  /** Names of the agents that brought it, comma between. */
  readonly agents: string
  /** Instances that no PACS is meant to have. */
  readonly pacsNone: number
  readonly pacsWaiting: number
  readonly pacsHeld: number
  readonly pacsAccepted: number
  /** The time when the last of them was accepted; null if none was. */
  readonly pacsAcceptedAt: number | null
  readonly pacsRefused: number
  readonly pacsUnverified: number
  /** One of the reasons, if anything is held, waits, is refused or unverified. */
  readonly pacsReason: string | null
  /** Manifest version of the newest receipt. */
  readonly receiptedVersion: number | null
}

export type Chain = 'whole' | 'gap' | 'fork'

export interface ManifestEntry {
  readonly digest: string
  readonly agent: string
  readonly studyInstanceUid: string
  readonly version: number
  readonly part: number
  readonly parts: number
  readonly chain: Chain
  readonly jws: string
  readonly postedAt: number
}

export interface ReceiptRegister {
  /** Digests of the manifests of this part of this version that have been receipted; of its last part if none is given. */
  manifestDigests(agent: string, studyInstanceUid: string, version: number, part?: number): Promise<string[]>
  /** Returns those of the given digests that belong to no manifest of this agent with a receipt. */
  unknown(agent: string, digests: readonly string[]): Promise<string[]>
  /**
   * Returns those of the given digests that belong to this agent's manifests of studies in which an instance is lost
   * now.
   */
  inDoubt(agent: string, digests: readonly string[]): Promise<{ digest: string; studyInstanceUid: string }[]>
  manifest(digest: string): Promise<string | undefined>
  /**
   * Returns those of the given digests that belong to this agent's manifests of studies whose PACS state changed since
   * their newest receipt.
   */
  pacsChanged(agent: string, digests: readonly string[]): Promise<string[]>
  /** Returns those of the given digests that belong to no receipt for this agent. */
  notGiven(agent: string, digests: readonly string[]): Promise<string[]>
  /** The newest receipt to this agent; undefined if there is none. */
  newest(agent: string): Promise<ReceiptLink | undefined>
  /** The newest receipt for a manifest. */
  latest(manifestDigest: string): Promise<string | undefined>
  /**
   * Adds the manifest (once) and the receipt that `sign` makes under the agent's next number, with the digest of the
   * previous receipt.
   */
  issue(manifest: ManifestEntry, sign: (counter: number, previous: string | null) => string): Promise<string>
}

/** An instance on its way to the PACS. */
export interface HandOnInstance extends StoredVersion {
  readonly id: number
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly file: string
  readonly fileBytes: number
  readonly fileSha256: string
  readonly attempts: number
}

export interface HandOnOutcome {
  readonly id: number
  readonly state: 'waiting' | 'accepted' | 'refused' | 'unverified'
  readonly reason: string | null
  /** True if this counts against the instance itself. */
  readonly failed: boolean
  readonly nextAt: number
}

export interface HandOnRegister {
  /**
   * Instances of one study: that of the longest due one, or of the one that became due last. One that failed before is
   * returned alone.
   */
  due(
    now: number,
    limits: { instances: number; bytes: number },
    from?: 'oldest' | 'newest',
  ): Promise<HandOnInstance[]>
  /** The time at which the next one is due; undefined if nothing waits. */
  nextDueAt(): Promise<number | undefined>
  settle(outcomes: readonly HandOnOutcome[], now: number): Promise<void>
  /**
   * Makes instances that wait, were refused or are unverified due at once, of one study or of all, and counts as a
   * retry. Returns how many instances are due now.
   */
  retry(now: number, studyInstanceUid?: string): Promise<number>
  /** Grows with every retry, so that a running center notices it. */
  retries(): Promise<number>
  /**
   * Makes instances that were not meant for any PACS wait for this one, if it accepts copies of their policy; returns
   * how many. In slices, until aborted.
   */
  adopt(takes: (policy: string) => boolean, now: number, signal: AbortSignal): Promise<number>
  /**
   * Sets instances to `none` that wait for a PACS, are held from it or were refused, and are not for the configured
   * one.
   */
  disown(takes: (policy: string) => boolean, now: number): Promise<number>
  count(): Promise<PacsCounts>
}

/** Instances by their state at the PACS; those that it has, or is not meant to have, are not counted. */
export interface PacsCounts {
  readonly waiting: number
  readonly held: number
  readonly refused: number
  readonly unverified: number
}

/**
 * STARTED: this center process began. ALIVE: it last looked at its conditions. PACS_AWAY: nothing has reached the PACS since then. PACS_ADDRESS: the service at its
 * address does not store instances. PACS_DENIES_US: it answers, but does not let the center in. KEYS_REFUSED:
 * the keys or the certificate were changed and cannot be taken over. RETRIED: how often an operator asked for a retry.
 */
export type NoteName =
  | 'STARTED'
  | 'ALIVE'
  | 'PACS_AWAY'
  | 'PACS_ADDRESS'
  | 'PACS_DENIES_US'
  | 'KEYS_REFUSED'
  | 'RETRIED'

/** A fact that only the running center knows, written so that another process can show it. */
export interface Note {
  readonly name: NoteName
  readonly since: number
  readonly message: string
}

/** Notes may be lost with the machine's power: a running center writes them again. */
export interface NoteRegister {
  /** Keeps the time of an existing note and replaces its message. */
  keep(name: NoteName, now: number, message: string): Promise<void>
  clear(name: NoteName): Promise<void>
  list(): Promise<Note[]>
}
