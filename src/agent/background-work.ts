import type { AuditTrail } from '../audit/audit-trail.ts'
import type { AgentSettings } from '../config/agent-settings.ts'
import type { Clock } from '../platform/clock.ts'
import { type Failure, failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import type { Envelope } from '../protocol/spool-file.ts'
import { studyKeyOf } from '../protocol/study-key.ts'
import { AuditedTransfers } from './audited-transfers.ts'
import { CenterQuestions } from './center-questions.ts'

import type { SinceStart } from './control/since-start.ts'
import { Heartbeats } from './heartbeats.ts'
import type { History } from './history/history.ts'

import type { AcceptedWork } from './intake/intake.ts'
import type { HasPriority } from './queue/instance-index.ts'
import type { Queue } from './queue/open-queue.ts'
import type { CenterChange } from './queue/own-center.ts'
import { Scrub } from './queue/recovery/scrub.ts'
import type { SpoolRoom } from './queue/spool-room.ts'
import type { CenterAccount } from './send/center-account.ts'
import { CenterClient } from './send/center-client.ts'
import { CenterUpload } from './send/center-upload.ts'
import { CENTER } from './send/destination.ts'
import { Dispatcher } from './send/dispatcher.ts'
import { KeyRefresh } from './send/key-refresh.ts'
import { Pace } from './send/pace.ts'
import { RefusalAlarms } from './send/refusal-alarms.ts'
import type { TrustedKeys } from './send/trusted-keys.ts'
import type { Completeness } from './settle/completeness.ts'
import { PacsWatch } from './settle/pacs-watch.ts'
import { QuietTimes } from './settle/quiet-times.ts'
import { ReceiptAudit } from './settle/receipt-audit.ts'
import { RecordPruning } from './settle/record-pruning.ts'
import type { CommitmentReports } from './settle/report-commitment.ts'
import { Retention } from './settle/retention.ts'
import { RetentionClock } from './settle/retention-clock.ts'
import { SegmentCare } from './settle/segment-care.ts'
import { Settlement } from './settle/settlement.ts'
import { StageHints } from './stage-hints.ts'

interface BackgroundWorkOptions {
  settings: AgentSettings
  account: CenterAccount
  keys: TrustedKeys
  queue: Queue
  room: SpoolRoom
  reports: CommitmentReports
  completeness: Completeness
  hasPriority: HasPriority
  sinceStart: SinceStart
  audit: AuditTrail
  history: History
  clock: Clock
  log: Log
}

interface Part {
  readonly name?: string
  run(signal: AbortSignal): Promise<void>
}

const nameOf = ({ name, constructor }: Part): string => name ?? constructor.name

const BEGIN_AGAIN_MS = 5000
/** For this long after the arrival of an instance, the disk is left to the devices. */
const BUSY_MS = 5000

/** The second half of an instance's path: it is sent until it has arrived, and is settled. */
export class BackgroundWork implements AcceptedWork, AsyncDisposable {
  readonly #options: BackgroundWorkOptions
  readonly #client: CenterClient
  readonly #keyRefresh: KeyRefresh
  readonly #questions: CenterQuestions
  readonly #hints: StageHints
  /** Sent while the agent belongs to a center. */
  readonly heartbeats: Heartbeats
  readonly #refusals: RefusalAlarms
  readonly #quiet: QuietTimes
  readonly #settlement: Settlement
  readonly #audit: ReceiptAudit
  readonly #pacsWatch: PacsWatch
  readonly #retentionClock: RetentionClock
  readonly #dispatcher: Dispatcher
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []
  #lastAcceptedMs = Number.NEGATIVE_INFINITY

  constructor(options: BackgroundWorkOptions) {
    const { account, keys, queue, settings, clock, log } = options
    this.#options = options
    const center = (): { name: string; url: string } => ({
      name: keys.centerName ?? 'center',
      url: account.address().url,
    })
    this.#hints = new StageHints(options.sinceStart, new AuditedTransfers({ audit: options.audit, center }))
    const { signingKey } = account
    this.#refusals = new RefusalAlarms(queue.alarms)
    this.#client = new CenterClient({
      get url() {
        return account.address().url
      },
      get center() {
        return account.address().center
      },
      pins: () => keys.tlsPins,
      signingKey,
      clock,
      answered: (subject, failure, isPreparation) => this.#answered(subject, failure, isPreparation),
    })
    this.heartbeats = new Heartbeats({ client: this.#client, clock, log })
    this.#keyRefresh = new KeyRefresh({
      account,
      client: this.#client,
      alarms: queue.alarms,
      clock,
      log,
      renewed: () => this.#keysRenewed(),
    })
    this.#questions = new CenterQuestions(this.#client, this.#keyRefresh)
    this.#quiet = new QuietTimes(clock, settings.study.quietMs)
    this.#retentionClock = new RetentionClock(queue.retentionTimes, clock, () => this.clockOffsetMs)
    this.#settlement = this.#createSettlement()
    this.#audit = this.#createAudit()
    this.#pacsWatch = this.#createPacsWatch()
    this.#dispatcher = this.#createDispatcher()
    this.#hints.connect({
      dispatcher: this.#dispatcher,
      settlement: this.#settlement,
      audit: this.#audit,
      reports: options.reports,
    })
  }

  get clockOffsetMs(): number | undefined {
    return this.#client.clockOffsetMs
  }

  /** Packs that are being sent now, how far each is, and the rate of all. */
  get transfer(): Dispatcher['transfer'] {
    return this.#dispatcher.transfer
  }

  start(): void {
    const { settings, queue, room, reports, completeness, clock, log } = this.#options
    const audit = this.#audit
    const retention = new Retention({
      retained: queue.retained,
      spool: queue.spool,
      segments: new SegmentCare({
        spool: queue.spool,
        segments: queue.segments,
        damage: queue.damage,
        clock,
        log,
      }),
      room,
      keepMs: settings.retention.confirmedMs,
      atLeastMs: settings.retention.atLeastMs,
      retentionClock: this.#retentionClock,
      audit,
      failedRequests: queue.failedRequests,
      questions: this.#questions,
      clock,
      log,
    })
    const pruning = new RecordPruning({
      records: queue.records,
      keepMs: settings.records.keptMs,
      retentionClock: this.#retentionClock,
      clock,
      log,
    })
    const { spool, damage } = queue
    const isBusy = (): boolean => clock.monotonicMs() - this.#lastAcceptedMs < BUSY_MS
    const scrub = new Scrub({ spool, damage, isBusy, clock, log })
    const parts = [
      this.#dispatcher,
      this.#settlement,
      audit,
      this.#pacsWatch,
      this.#onceSound(retention),
      this.#onceSound(pruning),
      queue.care,
      this.#keyRefresh,
      this.heartbeats,
      scrub,
      reports,
      completeness,
    ]
    this.#loops = parts.map((part) => this.#keep(part))
  }

  /** The probe finds out that the center no longer accepts this agent; that is shown until it does again. */
  #answered(subject: string, failure: Failure | undefined, isPreparation: boolean): void {
    this.#refusals.answered(subject, failure, isPreparation)
    if (failure !== undefined) this.#options.sinceStart.requestFailed(failure.code)
    if (failure?.code === 'AGENT_UNKNOWN' || failure?.code === 'AGENT_REVOKED')
      this.#dispatcher.foundInTrouble(failure)
  }

  /** In one turn of the event loop, so that no instance is sealed for one center and recorded as sealed for another. */
  #keysRenewed(): void {
    const { account, keys, queue, log } = this.#options
    keys.renew()
    tellCenterChange(queue.ownCenter.take(account.address().center), log)
    this.#dispatcher.wake()
    this.#settlement.wake()
  }

  accepted(envelope: Envelope, sealedBytes: number): void {
    const studyInstanceUid = studyKeyOf(envelope)
    this.#lastAcceptedMs = this.#options.clock.monotonicMs()
    this.#options.room.taken(sealedBytes)
    this.#options.history.arrived(sealedBytes)
    this.#quiet.added(studyInstanceUid)
    this.#dispatcher.queued(studyInstanceUid, sealedBytes, this.#options.hasPriority(envelope))
  }

  /** Instances that were accepted earlier are in the index now. */
  rowsWritten(): void {
    this.#dispatcher.wake()
  }

  /** This study has all its instances: its receipt is asked for as soon as they are delivered. */
  studyIsWhole(studyInstanceUid: string): void {
    this.#quiet.ended(studyInstanceUid)
    this.#settlement.wake()
  }

  /**
   * Tries again at once, because an operator suggests that the center is back or that held instances may be sent.
   * Returns how many instances are in interrupted packs of the study, or of all, that continue now.
   */
  retryNow(studyInstanceUid?: string): number {
    this.#keyRefresh.wake()
    this.#settlement.wake()
    this.#pacsWatch.wake()
    this.#options.reports.wake()
    return this.#dispatcher.probeNow(studyInstanceUid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent is stopping'))
    await Promise.all(this.#loops)
    await this.#client[Symbol.asyncDispose]()
  }

  /** Nothing is removed or deleted because of an index that may be damaged. */
  #onceSound(part: Part): Part {
    return {
      name: nameOf(part),
      run: async (signal) => {
        const stopped = new Promise<'stopped'>((resolve) => {
          signal.addEventListener('abort', () => resolve('stopped'), { once: true })
        })
        const found = await Promise.race([this.#options.queue.soundness, stopped])
        if (found === undefined) await part.run(signal)
        else await stopped
      },
    }
  }

  /** A part that fails (a full disk under the database, a fault of ours) is logged at once and begins again. */
  async #keep(part: Part): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await part.run(signal)
      } catch (error) {
        const { code, message } = failureFrom(error, 'INTERNAL', `running ${nameOf(part)}`)
        log.error('a part of the agent broke off and begins again', { code, reason: message })
        await clock.sleep(BEGIN_AGAIN_MS, signal).catch(() => {})
      }
    }
  }

  #createDispatcher(): Dispatcher {
    const { settings, queue, clock, log } = this.#options
    const { packs, spool, deliveries, destinationTrouble, failedRequests } = queue
    const { chunkBytes, packBytes, packMembers, uploads, priority, bandwidthBytesPerSecond } = settings.send
    const pace = new Pace(clock, bandwidthBytesPerSecond ?? Number.POSITIVE_INFINITY)
    return new Dispatcher({
      destination: new CenterUpload({
        client: this.#client,
        keyRefresh: this.#keyRefresh,
        packs,
        spool,
        clock,
        chunkBytes,
        hasUrgent: (priority ?? []).length > 0,
        pace,
      }),
      packs,
      deliveries,
      destinationTrouble,
      failedRequests,
      clock,
      log,
      limits: { bytes: packBytes, members: packMembers },
      uploads,
      hints: this.#hints,
    })
  }

  #createSettlement(): Settlement {
    const { account, keys, queue, clock, log } = this.#options
    return new Settlement({
      questions: this.#questions,
      hints: this.#hints,
      retentionClock: this.#retentionClock,
      destination: CENTER,
      studies: queue.studies,
      receipted: queue.receipted,
      alarms: queue.alarms,
      failedRequests: queue.failedRequests,
      quiet: this.#quiet,
      confirmed: (ulids) => this.#options.history.confirmed(ulids),
      signingKey: account.signingKey,
      get center() {
        return account.address().center
      },
      receiptKeys: () => keys.receiptKeys,
      clock,
      log,
    })
  }

  #createPacsWatch(): PacsWatch {
    const { queue, clock, log } = this.#options
    return new PacsWatch({
      destination: CENTER,
      states: queue.pacsStates,
      failedRequests: queue.failedRequests,
      questions: this.#questions,
      hints: this.#hints,
      clock,
      log,
    })
  }

  #createAudit(): ReceiptAudit {
    const { queue, clock, log } = this.#options
    return new ReceiptAudit({
      destination: CENTER,
      receipted: queue.receipted,
      receiptChain: queue.receiptChain,
      alarms: queue.alarms,
      failedRequests: queue.failedRequests,
      questions: this.#questions,
      hints: this.#hints,
      clock,
      log,
    })
  }
}

/**
 * Reports instances that wait for a center that the agent has left: they need a person, and the alarm names the
 * studies.
 */
export function tellCenterChange({ held, released }: CenterChange, log: Log): void {
  if (held > 0)
    log.error('instances are sealed for another center and held', { code: 'OTHER_CENTER', instances: held })
  if (released > 0) log.info('instances for this center go again', { instances: released })
}
