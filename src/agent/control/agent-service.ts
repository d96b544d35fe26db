import type { AuditTrail } from '../../audit/audit-trail.ts'
import type { AgentSettings } from '../../config/agent-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { ownVersion } from '../../platform/process/own-version.ts'
import type {
  HeldInstancesView,
  HistoryView,
  StudyPage,
  StudyPageQuery,
  UnconfirmedStudiesView,
} from '../../protocol/agent-views-api.ts'
import type { CommitmentsView, ProcedureStepsView } from '../../protocol/commitments-api.ts'
import type {
  AgentStatus,
  CallersChanged,
  CenterTrouble,
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
} from '../../protocol/control-api.ts'
import type {
  AssignRequest,
  CallerPattern,
  ControlService,
  ImportRequest,
  NamesRequest,
} from '../../protocol/control-service.ts'
import type { AssignedView, FoldersView } from '../../protocol/folder-api.ts'
import type { DeviceList } from '../arrival/device-list.ts'
import type { DeviceWatch } from '../arrival/device-watch.ts'
import type { WatchedFolders } from '../arrival/folders/watched-folders.ts'
import type { StorageGate } from '../arrival/storage-gate.ts'
import type { Orders } from '../orders/service/orders.ts'
import type { Alarm } from '../queue/alarms.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { SpoolRoom } from '../queue/spool-room.ts'

import type { CenterAccount } from '../send/center-account.ts'
import { CENTER } from '../send/destination.ts'
import type { TrustedKeys } from '../send/trusted-keys.ts'
import type { Completeness } from '../settle/completeness.ts'
import { deviceViews, sightedDevices } from './device-views.ts'
import { diskView } from './disk-view.ts'

import { notReady } from './not-ready.ts'
import { OrderViews } from './order-views.ts'
import { refuseWithoutRoom } from './refuse-without-room.ts'
import { sendingView, type Transfer } from './sending-view.ts'
import type { SinceStart } from './since-start.ts'
import { StudyPages } from './study-pages.ts'
import { StudyViews } from './study-views.ts'

/** The part of the agent's background work that operators query and command. */
interface CommandedWork {
  /** The center's clock minus ours, at its last answer; undefined before the first one. */
  readonly clockOffsetMs: number | undefined
  /** Packs that are being sent now, and the rate of all. */
  readonly transfer: Transfer
  /** Starts the next attempt of all waiting work, of one study or of all; returns how much is tried now. */
  retryNow(studyInstanceUid?: string): number
}

/** Takes an instance from a file to the queue. */
type TakeInstance = (
  request: ImportRequest,
  dataSet: AsyncIterable<Buffer>,
) => Promise<Omit<ImportedView, 'code' | 'reason'> & { readonly failure?: Failure }>

interface AgentServiceOptions {
  settings: AgentSettings
  /** The listener's real port, if the settings say 0. */
  port: number
  account: CenterAccount
  keys: TrustedKeys
  queue: Queue
  room: SpoolRoom
  storage: StorageGate
  work: CommandedWork
  completeness: Completeness
  sinceStart: SinceStart
  audit: AuditTrail
  history: { view(): HistoryView }
  /** Undefined if no folder is watched. */
  folders: WatchedFolders | undefined
  orders: Orders | undefined
  /** Takes a test image in; returns its Study Instance UID. */
  takeTestImage: () => Promise<string>
  takeInstance: TakeInstance
  /** Starts the agent again; without it, only a person can. */
  restart: (() => void) | undefined
  devices: { list: DeviceList; watch: DeviceWatch; readSettings: (() => AgentSettings) | undefined }
  clock: Clock
  log: Log
}

const PAGE = 'statusPage'

/** Answers the CLI and the status page: everything is read from the queue, nothing is kept here. */
export class AgentService implements ControlService {
  readonly #options: AgentServiceOptions
  readonly #startedAt: number
  readonly orders: OrderViews
  readonly #studies: StudyViews
  readonly #pages: StudyPages
  #newPageLink: ((osUser: string) => string) | undefined

  constructor(options: AgentServiceOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
    this.orders = new OrderViews(options.orders, options.queue.display, options.audit, options.log)
    this.#studies = new StudyViews(options.queue, options.completeness)
    this.#pages = new StudyPages(options.queue, this.#studies)
  }

  /** Records what people do, at whatever door they ask. */
  get audit(): AuditTrail {
    return this.#options.audit
  }

  /** From now on `newLink` makes links that open the page with the right to change things. */
  pageIsOpen(newLink: (osUser: string) => string): void {
    this.#newPageLink = newLink
  }

  /** Shows in the status why there is no status page; undefined = the page is open, or none is wanted. */
  pageIsClosed(reason: string | undefined): void {
    const { alarms } = this.#options.queue
    if (reason === undefined) alarms.clear('PAGE_CLOSED', PAGE)
    else alarms.raise('PAGE_CLOSED', PAGE, reason)
  }

  status(): AgentStatus {
    const { settings, port, account, keys, queue, storage, work, clock } = this.#options
    const { deliveries, studies, alarms } = queue
    const { name, host, aeTitles } = settings.listener
    const offset = work.clockOffsetMs
    return {
      now: clock.now(),
      version: ownVersion(),
      startedAt: this.#startedAt,
      alarms: [...storage.unwrittenAlarms, ...alarms.list().map((alarm) => this.#withRequest(alarm))],
      center: {
        name: keys.centerName,
        url: account.isEnrolled ? account.address().url : null,
        trouble: this.#trouble(),
      },
      failedRequests: queue.failedRequests.groups(CENTER),
      fingerprint: account.signingKey.kid,
      listener: { name, host, port, aeTitles: [...aeTitles] },
      devices: sightedDevices(this.#devices()),
      deliveries: deliveries.counts(CENTER),
      waitingBytes: deliveries.waitingBytes(CENTER),
      sending: sendingView(work.transfer, deliveries.unsentBytes(CENTER)),
      oldestUnconfirmedAt: deliveries.oldestUnconfirmed(CENTER) ?? null,
      studies: studies.counts(CENTER),
      disk: diskView(this.#options),
      clockOffsetMs: offset === undefined ? null : -offset,
      instanceFindings: queue.findings.totals(),
      folders: this.#options.folders?.status() ?? [],
      orderSources: this.orders.sources(),
      firstSeen: queue.conditionTimes.list(),
      namesShown: queue.display.timesShown(),
      notReady: notReady(this.#options),
      sinceStart: this.#options.sinceStart.view(),
    }
  }

  #withRequest(alarm: Alarm): AgentStatus['alarms'][number] {
    const request = this.#options.queue.failedRequests.ofAlarm(CENTER, alarm)
    return request === undefined ? alarm : { ...alarm, request }
  }

  queue(limit: number): QueueView {
    const { deliveries, findings } = this.#options.queue
    const rows = deliveries.unconfirmed(CENTER, limit)
    const { queued, sending, delivered, held } = deliveries.counts(CENTER)
    return {
      trouble: this.#trouble(),
      deliveries: rows.map((row) => ({ ...row, findings: findings.ofInstance(row.ulid) })),
      unconfirmed: queued + sending + delivered + held,
      studies: deliveries.waitingStudies(CENTER, limit),
    }
  }

  studies(limit: number): StudiesView {
    return this.#studies.list(limit)
  }

  studyPage(query: StudyPageQuery): Promise<StudyPage> {
    return this.#pages.page(query)
  }

  unconfirmedStudies(after: string | undefined, limit: number): Promise<UnconfirmedStudiesView> {
    return this.#pages.waiting(after, limit)
  }

  heldInstances(limit: number): HeldInstancesView {
    const { deliveries, findings } = this.#options.queue
    const masked = <Row extends { studyInstanceUid: string }>(row: Row) => ({
      ...row,
      display: this.#studies.masked(row.studyInstanceUid),
    })
    return {
      byCheck: findings.quarantined(CENTER, limit).map(masked),
      others: deliveries.heldOtherwise(CENTER, limit).map(masked),
    }
  }

  history(): HistoryView {
    return this.#options.history.view()
  }

  study(studyInstanceUid: string): StudyDetail | undefined {
    return this.#studies.detail(studyInstanceUid)
  }

  evidence(studyInstanceUid: string, version: number, part: number): EvidencePart | undefined {
    return this.#options.queue.studies.evidencePart(CENTER, { studyInstanceUid, version, part })
  }

  retry(studyInstanceUid?: string): RetryOutcome {
    const { queue, work, folders } = this.#options
    if (studyInstanceUid === undefined) {
      folders?.retry()
      queue.alarms.putAway('INDEX_REBUILT')
      queue.alarms.putAway('DEID_WITHHELD')
      queue.alarms.putAway('STUDY_INCOMPLETE')
      queue.procedureSteps.putAway()
      queue.commitments.retry()
    }
    const { instances, studies } = queue.deliveries.retry(CENTER, studyInstanceUid)
    return { retried: instances + work.retryNow(studyInstanceUid), studies }
  }

  quarantine(limit: number): QuarantineView {
    return { instances: this.#options.queue.findings.quarantined(CENTER, limit) }
  }

  quarantined(ulid: string): QuarantinedView | undefined {
    const { findings, spool } = this.#options.queue
    const instance = findings.quarantinedOne(CENTER, ulid)
    return instance && { ...instance, spoolFile: spool.placeOf(instance.ulid).path }
  }

  async release(which: { ulid: string } | { studyInstanceUid: string }): Promise<ReleaseOutcome> {
    const { queue, work, log } = this.#options
    const released = await queue.findings.release(CENTER, which)
    if (released > 0) log.warn('instances released from quarantine', { ...which, released })
    work.retryNow()
    return { released }
  }

  showNames({ osUser, reason, studyInstanceUid, limit }: NamesRequest): NamesView {
    const { queue, log } = this.#options
    if (queue.display.areKept) {
      const studies = studyInstanceUid === undefined ? [] : [{ studyInstanceUid }]
      this.audit.record({ action: 'namesShown', user: osUser, reason, studies })
      queue.display.noteShown(osUser, studyInstanceUid)
      log.warn('display names shown', { osUser, studyInstanceUid })
    }
    const uids =
      studyInstanceUid === undefined
        ? queue.studies.list(CENTER, limit).map((study) => study.studyInstanceUid)
        : [studyInstanceUid]
    return { studies: uids.map((uid) => ({ studyInstanceUid: uid, display: this.#studies.whole(uid) })) }
  }

  devices(): DevicesView {
    return { devices: this.#devices() }
  }

  reloadDevices(): DevicesView {
    const { devices, log } = this.#options
    if (devices.readSettings === undefined)
      throw new Failure(
        'OTHER_CONFIG',
        'reading the devices again: this agent was started without a configuration file',
      )
    const settings = devices.readSettings()
    devices.list.replace(settings.devices, settings.unknownDevices === 'accept')
    log.info('list of devices read again', { devices: settings.devices.length })
    return this.devices()
  }

  ignoreCaller({ aeTitle, address }: CallerPattern): CallersChanged {
    const { queue, devices, log } = this.#options
    if (aeTitle === '' && address === undefined)
      throw new Failure('USAGE', 'ignoring a caller without an AE title: say at which address')
    if (devices.list.lists(aeTitle) || (aeTitle === '' && devices.list.has(address ?? '')))
      throw new Failure(
        'DEVICE_LISTED',
        `ignoring ${describeCallers(aeTitle, address)}: a listed device cannot be ignored`,
      )
    queue.ignoredCallers.add({ callingAeTitle: aeTitle, peerAddress: address })
    log.info('caller ignored', { callingAeTitle: aeTitle, peerAddress: address })
    return { ...this.devices(), changed: 1 }
  }

  unignoreCaller({ aeTitle, address }: CallerPattern): CallersChanged {
    const { queue, log } = this.#options
    const changed = queue.ignoredCallers.remove({ callingAeTitle: aeTitle, peerAddress: address })
    log.info('caller no longer ignored', { callingAeTitle: aeTitle, peerAddress: address })
    return { ...this.devices(), changed }
  }

  forgetCaller({ aeTitle, address }: CallerPattern): CallersChanged {
    const turnedAway = this.#devices().filter(
      ({ callingAeTitle, peerAddress, state }) =>
        state !== 'known' && callingAeTitle === aeTitle && (address ?? peerAddress) === peerAddress,
    )
    for (const { peerAddress } of turnedAway) this.#options.queue.sightings.forget(aeTitle, peerAddress ?? '')
    return { ...this.devices(), changed: turnedAway.length }
  }

  async commitments(limit: number): Promise<CommitmentsView> {
    return { commitments: await this.#options.queue.commitments.list(limit) }
  }

  async procedureSteps(limit: number): Promise<ProcedureStepsView> {
    return { procedureSteps: await this.#options.completeness.list(limit) }
  }

  async testImage(): Promise<TestImageView> {
    const { keys, takeTestImage } = this.#options
    if (!keys.areKnown)
      throw new Failure('NOT_ENROLLED', 'taking a test image: this agent belongs to no center yet')
    return { studyInstanceUid: await takeTestImage() }
  }

  async importInstance(request: ImportRequest, dataSet: AsyncIterable<Buffer>): Promise<ImportedView> {
    refuseWithoutRoom(this.#options, 'taking an instance')
    const { failure, ...taken } = await this.#options.takeInstance(request, dataSet)
    return { ...taken, code: failure?.code ?? null, reason: failure?.message ?? null }
  }

  folders(limit: number): FoldersView {
    return this.#options.folders?.view(limit) ?? { folders: [], files: [] }
  }

  async assign(request: AssignRequest): Promise<AssignedView> {
    const { folders, log } = this.#options
    if (folders === undefined) throw new Failure('NOT_HELD', 'assigning a file: no folder is watched')
    refuseWithoutRoom(this.#options, 'assigning a file')
    await folders.assign(request)
    log.info('file assigned', { file: request.file })
    return { assigned: request.file }
  }

  pageLink(osUser: string): PageLink {
    if (this.#newPageLink === undefined)
      throw new Failure(
        'PAGE_CLOSED',
        'opening the page: it is switched off (statusPage), or its port is taken',
      )
    return { url: this.#newPageLink(osUser) }
  }

  restart(): Restarting {
    const { restart, log } = this.#options
    if (restart === undefined)
      throw new Failure('RESTART_BY_HAND', 'starting again: restart the service by hand')
    log.info('starts again, because a person asked for it')
    restart()
    return { restarting: true }
  }

  #devices(): DevicesView['devices'] {
    const { queue, devices, settings } = this.#options
    devices.watch.flush()
    return deviceViews({
      list: devices.list,
      sightings: queue.sightings.list(),
      records: queue.devices.list(),
      ignored: queue.ignoredCallers.list(),
      silentAfterMs: settings.alarms.deviceSilentMs,
    })
  }

  #trouble(): CenterTrouble | null {
    return this.#options.queue.destinationTrouble.of(CENTER) ?? null
  }
}

const describeCallers = (aeTitle: string, address: string | undefined): string =>
  `${JSON.stringify(aeTitle)} at ${address ?? 'any address'}`
