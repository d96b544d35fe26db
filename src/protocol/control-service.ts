import type {
  HeldInstancesView,
  HistoryView,
  StudyPage,
  StudyPageQuery,
  UnconfirmedStudiesView,
} from './agent-views-api.ts'
import type { CommitmentsView, ProcedureStepsView } from './commitments-api.ts'
import type {
  AgentStatus,
  CallersChanged,
  DevicesView,
  EvidencePart,
  ImportedView,
  NamesView,
  PageLink,
  QuarantinedView,
  QuarantineView,
  QueueView,
  ReleaseOutcome,
  Restarting,
  RetryOutcome,
  StudiesView,
  StudyDetail,
  TestImageView,
} from './control-api.ts'
import type { AssignedView, FoldersView } from './folder-api.ts'
import type { OrderControl } from './orders-api.ts'

/** Name of the person who asks, percent-encoded (UTF-8): for the audit trail. */
export const USER_HEADER = 'x-ferry-user'

/**
 * The user who asks for full names, according to the console, and the study; undefined means the newest `limit`
 * studies.
 */
export interface NamesRequest {
  readonly osUser: string
  /** The reason that the user states, for the audit trail. */
  readonly reason?: string | undefined
  readonly studyInstanceUid: string | undefined
  readonly limit: number
}

/** Callers by their AE title; empty for callers without one. Without an address: from any address. */
export interface CallerPattern {
  readonly aeTitle: string
  readonly address: string | undefined
}

/** An instance from a file. */
export interface ImportRequest {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Recorded as that of the sender; if a listed device has it, that device's settings and routes apply. */
  readonly callingAeTitle: string
}

/** A person says whose a file of a watched folder is: an order by its key, or facts by the names of docs/folders.md. */
export interface AssignRequest {
  /** Its ULID. */
  readonly file: string
  /** SOURCE/KEY, or KEY. */
  readonly order: string | undefined
  readonly facts: Readonly<Record<string, string>>
}

/** The answers of a running agent. Its rows contain a patient's attributes in masked form at most. */
export interface ControlService {
  readonly orders: OrderControl
  status(): AgentStatus | Promise<AgentStatus>
  queue(limit: number): QueueView | Promise<QueueView>
  studies(limit: number): StudiesView | Promise<StudiesView>
  /** Some studies that fit the filters. Throws USAGE for a cursor of another kind. */
  studyPage(query: StudyPageQuery): Promise<StudyPage>
  /** Some studies with unconfirmed instances; `after`: the cursor of the page before. */
  unconfirmedStudies(after: string | undefined, limit: number): Promise<UnconfirmedStudiesView>
  /** Held instances, at most `limit` of each kind. */
  heldInstances(limit: number): HeldInstancesView | Promise<HeldInstancesView>
  /** Counts of the last 24 hours and 30 days. */
  history(): HistoryView | Promise<HistoryView>
  study(studyInstanceUid: string): StudyDetail | undefined | Promise<StudyDetail | undefined>
  evidence(
    studyInstanceUid: string,
    version: number,
    part: number,
  ): EvidencePart | undefined | Promise<EvidencePart | undefined>
  /** Makes all held and waiting deliveries, or those of one study, due at once. */
  retry(studyInstanceUid?: string): RetryOutcome | Promise<RetryOutcome>
  quarantine(limit: number): QuarantineView | Promise<QuarantineView>
  quarantined(ulid: string): QuarantinedView | undefined | Promise<QuarantinedView | undefined>
  /** Releases one held instance, or all of a study. */
  release(which: { ulid: string } | { studyInstanceUid: string }): ReleaseOutcome | Promise<ReleaseOutcome>
  /** The only answer with full names. It is recorded before they are sent. */
  showNames(request: NamesRequest): NamesView | Promise<NamesView>
  devices(): DevicesView | Promise<DevicesView>
  /** Reads the list of devices from the configuration again; other changes there take effect at the next start. */
  reloadDevices(): DevicesView | Promise<DevicesView>
  /** Marks a caller that is not listed as ignored: it no longer needs a person. Throws USAGE for one that is listed. */
  ignoreCaller(which: CallerPattern): CallersChanged | Promise<CallersChanged>
  unignoreCaller(which: CallerPattern): CallersChanged | Promise<CallersChanged>
  /** Hides callers that were turned away until they call again. */
  forgetCaller(which: CallerPattern): CallersChanged | Promise<CallersChanged>
  commitments(limit: number): CommitmentsView | Promise<CommitmentsView>
  procedureSteps(limit: number): ProcedureStepsView | Promise<ProcedureStepsView>
  /** Takes in an image of no patient, to be followed to its receipt. Throws NOT_ENROLLED before the agent has joined. */
  testImage(): TestImageView | Promise<TestImageView>
  /**
   * Takes an instance in, as if a device had sent it. Throws NOT_ENROLLED before the agent has joined, STORAGE_FULL or
   * another code of the storage if nothing can be taken now, and the error of `dataSet`.
   */
  importInstance(request: ImportRequest, dataSet: AsyncIterable<Buffer>): Promise<ImportedView>
  /** Watched folders, and at most `limit` files of each that wait or are held. */
  folders(limit: number): FoldersView | Promise<FoldersView>
  /**
   * Takes a file of a watched folder. Throws USAGE for a file that does not wait, and if nothing follows from the request;
   * otherwise the failure by which it is not taken.
   */
  assign(request: AssignRequest): AssignedView | Promise<AssignedView>
  /** Makes a link that opens the page with the right to change things, for this user. Throws USAGE if there is no page. */
  pageLink(osUser: string): PageLink | Promise<PageLink>
  /** Starts the agent again with its present configuration. */
  restart(): Restarting | Promise<Restarting>
}
