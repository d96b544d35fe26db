import { Failure } from '../../../src/platform/failure.ts'
import type {
  HeldInstancesView,
  HistoryView,
  StudyPage,
  UnconfirmedStudiesView,
} from '../../../src/protocol/agent-views-api.ts'
import type {
  CommitmentsView,
  ProcedureStepsView,
  ProcedureStepView,
} from '../../../src/protocol/commitments-api.ts'
import type {
  AgentStatus,
  CallersChanged,
  DeliveryView,
  DevicesView,
  DeviceView,
  EvidencePart,
  ImportedView,
  NamesView,
  QuarantinedView,
  QuarantineView,
  QueueView,
  ReleaseOutcome,
  RetryOutcome,
  StudiesView,
  StudyDetail,
  StudyView,
  WaitingStudyView,
} from '../../../src/protocol/control-api.ts'
import type { AssignRequest, ControlService, NamesRequest } from '../../../src/protocol/control-service.ts'
import type { DisplayNamesState } from '../../../src/protocol/display-api.ts'
import type { AssignedView, FoldersView } from '../../../src/protocol/folder-api.ts'
import type { OrderControl, OrdersView } from '../../../src/protocol/orders-api.ts'

const NOW = Date.UTC(2026, 10, 23, 2, 0, 0)
const HOUR_MS = 3_600_000

/** An agent with nothing to complain of. */
export const WELL: AgentStatus = {
  now: NOW,
  version: '0.1.0',
  startedAt: NOW - 26 * HOUR_MS,
  alarms: [],
  center: { name: '锦屏影像中心', url: 'https://center:8443', trouble: null },
  failedRequests: [],
  fingerprint: '0123456789abcdef'.repeat(4),
  listener: { name: 'main', host: '0.0.0.0', port: 11112, aeTitles: ['FERRY'] },
  devices: [],
  deliveries: { queued: 0, sending: 0, delivered: 0, confirmed: 120, held: 0 },
  waitingBytes: 0,
  sending: { bytesPerSecond: null, secondsLeft: null, packs: [] },
  oldestUnconfirmedAt: null,
  studies: { open: 0, closed: 0, confirmed: 3 },
  disk: {
    folder: '/data',
    freeBytes: 200 * 2 ** 30,
    reserveBytes: 2 * 2 ** 30,
    freeFiles: 1_000_000,
    room: 'enough',
    atLeastMs: 0,
    contents: {
      totalBytes: 500 * 2 ** 30,
      waitingBytes: 0,
      confirmedBytes: 120 * 2 ** 30,
      heldBytes: 0,
      otherBytes: 180 * 2 ** 30,
    },
  },
  clockOffsetMs: 120,
  instanceFindings: [],
  folders: [],
  orderSources: [],
  firstSeen: [],
  namesShown: { times: 0, lastAt: null },
  notReady: [],
  sinceStart: {
    packs: 4,
    delivered: 120,
    receipts: 3,
    rejectedAssociations: { unknown: 2 },
    refusedInstances: { INSTANCE_TRUNCATED: 1 },
    failedRequests: { CENTER_UNREACHABLE: 7 },
  },
}

/** Cut off from its center for two hours. */
export const CUT_OFF: AgentStatus = {
  ...WELL,
  center: {
    ...WELL.center,
    trouble: {
      reasonCode: 'CENTER_UNREACHABLE',
      reason: 'connecting to https://center:8443: ECONNREFUSED',
      since: NOW - 2 * HOUR_MS,
      attempts: 13,
      nextAttemptAt: NOW + 120_000,
    },
  },
  deliveries: { ...WELL.deliveries, queued: 40 },
  waitingBytes: 20 * 2 ** 20,
  oldestUnconfirmedAt: NOW - 2 * HOUR_MS,
}

const HELD_DELIVERY: DeliveryView = {
  ulid: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  studyInstanceUid: '1.2.3',
  sopInstanceUid: '1.2.3.4',
  state: 'held',
  changedAt: NOW,
  attempts: 2,
  nextAttemptAt: 0,
  reasonCode: 'INSTANCE_REFUSED',
  reason: 'the center refuses it',
  callingAeTitle: 'CT1',
  sealedBytes: 524_288,
  arrivedAt: NOW - HOUR_MS,
}

const STUDY: StudyView = {
  studyInstanceUid: '1.2.3',
  state: 'closed',
  firstArrivedAt: NOW - HOUR_MS,
  lastArrivedAt: NOW - HOUR_MS,
  version: 1,
  attempts: 0,
  nextAttemptAt: 0,
  reasonCode: null,
  reason: null,
  pacs: 'waiting',
  pacsAt: null,
  receiptedAt: null,
  instances: 2,
  confirmed: 1,
  held: 1,
  conflicts: 0,
  odd: 1,
  display: {
    patientName: { text: '陈**', isGuess: true },
    patientId: { text: '***67', isGuess: false },
    modality: { text: 'CT', isGuess: false },
  },
}

export const QUARANTINED: QuarantinedView = {
  ulid: HELD_DELIVERY.ulid,
  studyInstanceUid: '1.2.3',
  sopInstanceUid: '1.2.3.4',
  callingAeTitle: 'CT1',
  sealedBytes: 524_288,
  arrivedAt: NOW - HOUR_MS,
  since: NOW - HOUR_MS,
  findings: ['pixelLength'],
  spoolFile: '/data/spool/00/x.ferry',
}

/** Answers what a test puts in, and remembers what it was asked for. */
export class FakeControlService implements ControlService {
  readonly retries: (string | undefined)[] = []
  readonly limits: number[] = []
  readonly released: object[] = []
  readonly shownTo: NamesRequest[] = []
  readonly assigned: AssignRequest[] = []
  state: AgentStatus = WELL
  keptFiles: FoldersView['files'] = []
  displayNames: DisplayNamesState = 'credential'
  inQuarantine: QuarantinedView[] = []
  deliveries: DeliveryView[] = []
  waiting: WaitingStudyView[] = []
  /** Unconfirmed instances of further studies. */
  waitingMore = 0
  listedDevices: DeviceView[] = []
  announced: ProcedureStepView[] = []
  askedCommitments: CommitmentsView['commitments'] = []
  knownOrders: OrdersView = { displayNames: 'credential', count: 0, sources: [], orders: [] }
  readonly orders: OrderControl = {
    list: () => this.knownOrders,
    names: ({ osUser, limit }) => {
      this.shownTo.push({ osUser, limit, studyInstanceUid: undefined })
      return this.knownOrders
    },
    test: (name) => {
      const source = this.knownOrders.sources.find((one) => one.name === name)
      if (source === undefined)
        throw new Failure('SOURCE_UNKNOWN', 'testing a source of orders: there is none of this name')
      return Promise.resolve({ source })
    },
  }

  folders(): FoldersView {
    return { folders: this.state.folders, files: this.keptFiles }
  }

  assign(request: AssignRequest): AssignedView {
    this.assigned.push(request)
    return { assigned: request.file }
  }

  testImage(): { studyInstanceUid: string } {
    return { studyInstanceUid: '1.2.3' }
  }

  importInstance(): Promise<ImportedView> {
    return Promise.resolve({
      status: 0,
      isKnown: false,
      isHeld: false,
      findings: [],
      code: null,
      reason: null,
    })
  }

  pageLink(): { url: string } {
    return { url: 'http://127.0.0.1:8080/open?link=x' }
  }

  restart(): { restarting: true } {
    return { restarting: true }
  }

  status(): AgentStatus {
    return this.state
  }

  queue(limit: number): QueueView {
    this.limits.push(limit)
    return {
      trouble: this.state.center.trouble,
      deliveries: this.deliveries.map((row) => ({ ...row, findings: [] })),
      unconfirmed: this.waiting.reduce((sum, { instances }) => sum + instances, this.waitingMore),
      studies: this.waiting,
    }
  }

  studies(limit: number): StudiesView {
    this.limits.push(limit)
    return { displayNames: this.displayNames, studies: [STUDY] }
  }

  study(studyInstanceUid: string): StudyDetail | undefined {
    if (studyInstanceUid !== STUDY.studyInstanceUid) return undefined
    const confirmed: DeliveryView = { ...HELD_DELIVERY, state: 'confirmed', reasonCode: null, reason: null }
    return {
      displayNames: this.displayNames,
      study: STUDY,
      deliveries: [confirmed, HELD_DELIVERY],
      devices: ['CT1'],
      listedAt: NOW,
      findings: [{ finding: 'pixelLength', instances: 1 }],
      procedureSteps: this.announced,
      evidence: {
        version: 3,
        parts: [
          { version: 3, part: 1 },
          { version: 3, part: 2 },
        ],
      },
    }
  }

  evidence(studyInstanceUid: string, version: number, part: number): EvidencePart | undefined {
    if (studyInstanceUid !== STUDY.studyInstanceUid || version !== 3) return undefined
    return { manifest: `m.m.${part}`, receipt: part === 2 ? null : 'r.r.r' }
  }

  retry(studyInstanceUid?: string): RetryOutcome {
    this.retries.push(studyInstanceUid)
    return { retried: 7, studies: 2 }
  }

  studyPage(): Promise<StudyPage> {
    const studies = [{ ...STUDY, devices: ['CT1'] }]
    return Promise.resolve({ displayNames: this.displayNames, studies, next: null, searchedTo: null })
  }

  unconfirmedStudies(): Promise<UnconfirmedStudiesView> {
    return Promise.resolve({ studies: [], next: null })
  }

  heldInstances(): HeldInstancesView {
    return { byCheck: this.inQuarantine.map((one) => ({ ...one, display: null })), others: [] }
  }

  history(): HistoryView {
    return { now: NOW, hours: [], days: [] }
  }

  devices(): DevicesView {
    return { devices: this.listedDevices }
  }

  reloadDevices(): DevicesView {
    return this.devices()
  }

  procedureSteps(): ProcedureStepsView {
    return { procedureSteps: this.announced }
  }

  ignoreCaller(): CallersChanged {
    return { devices: this.listedDevices, changed: 1 }
  }

  unignoreCaller(): CallersChanged {
    return { devices: this.listedDevices, changed: 0 }
  }

  forgetCaller(): CallersChanged {
    return { devices: this.listedDevices, changed: 0 }
  }

  commitments(): CommitmentsView {
    return { commitments: this.askedCommitments }
  }

  quarantine(): QuarantineView {
    return { instances: this.inQuarantine }
  }

  quarantined(ulid: string): QuarantinedView | undefined {
    return this.inQuarantine.find((instance) => instance.ulid === ulid)
  }

  release(which: { ulid: string } | { studyInstanceUid: string }): ReleaseOutcome {
    this.released.push(which)
    return { released: 1 }
  }

  showNames(request: NamesRequest): NamesView {
    this.shownTo.push(request)
    const patientName = { text: 'Chen^XiaoMing=陈^小明', isGuess: true }
    return { studies: [{ studyInstanceUid: STUDY.studyInstanceUid, display: { patientName } }] }
  }
}
