import { setImmediate } from 'node:timers/promises'
import type { ReportedReference } from '../../dicom/edit/commitment-data-set.ts'
import type { ServicePeer } from '../../dimse/association/service.ts'
import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { Alarms } from '../queue/alarms.ts'
import type { Commitments, OpenCommitment } from '../queue/devices/commitments.ts'
import { decideCommitment, type Patience } from './decide-commitment.ts'

const IDLE_MS = 60_000
const FIRST_MS = 10_000
const CAP_MS = 10 * 60_000
/** A device that is switched off during a lunch break does not raise an alarm. */
const ALARM_AFTER_MS = 3_600_000
const KEPT_MS = 90 * 86_400_000

/** The peer to which a report can be sent on the association of its request. */
export interface OpenPeer {
  readonly peer: ServicePeer
  readonly transferSyntaxUid: string
}

/** Delivers a report to the device; rejects if the device has not taken it. */
export type SendReport = (
  commitment: OpenCommitment,
  references: readonly ReportedReference[],
  open: OpenPeer | undefined,
  signal: AbortSignal,
) => Promise<void>

interface CommitmentReportsOptions {
  readonly commitments: Commitments
  /** `reportMs`: how long an undelivered report is tried again. */
  readonly settings: Patience & { readonly reportMs: number }
  readonly send: SendReport
  readonly alarms: Alarms
  readonly clock: Clock
  readonly log: Log
}

/**
 * Answers requests for storage commitment: once every instance is decided, or the waiting time is over, the report is
 * sent, and sent again until the device has taken it. Each attempt decides again, so that a report is true when it is
 * sent. A device that does not answer delays no other device.
 */
export class CommitmentReports {
  readonly #options: CommitmentReportsOptions
  readonly #wake: Wake
  readonly #peers = new Map<number, OpenPeer>()
  readonly #busy = new Map<string, Promise<void>>()

  constructor(options: CommitmentReportsOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Called after a request was stored; its association may still be open when the report is due. */
  recorded(id: number, peer: OpenPeer): void {
    this.#peers.set(id, peer)
    this.#wake.call()
  }

  /** Looks now, because a receipt was checked or a person asked. */
  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { commitments, clock } = this.#options
    try {
      while (!signal.aborted) {
        while (commitments.forgetOne(clock.now() - KEPT_MS)) await setImmediate()
        for (const [device, due] of this.#dueByDevice()) this.#serve(device, due, signal)
        await this.#wake.wait(IDLE_MS, signal)
      }
    } finally {
      await Promise.all(this.#busy.values())
    }
  }

  #dueByDevice(): Map<string, OpenCommitment[]> {
    for (const [id, { peer }] of this.#peers) if (!peer.canBeTold) this.#peers.delete(id)
    return Map.groupBy(this.#options.commitments.due(), ({ callingAeTitle, peerAddress }) =>
      [callingAeTitle, peerAddress].join(' '),
    )
  }

  /** Requests that arrive meanwhile are looked at as soon as the device is free again. */
  #serve(device: string, due: readonly OpenCommitment[], signal: AbortSignal): void {
    const before = this.#busy.get(device)
    if (before !== undefined) return void before.then(() => this.#wake.call())
    const serving = this.#report(due, signal)
      .catch((error: unknown) => {
        const { code, message } = failureFrom(error, 'INTERNAL', 'reporting storage commitment')
        this.#options.log.error('storage commitment could not be reported', { code, reason: message })
      })
      .then(() => void this.#busy.delete(device))
    this.#busy.set(device, serving)
  }

  async #report(due: readonly OpenCommitment[], signal: AbortSignal): Promise<void> {
    for (const commitment of due) {
      const references = await this.#decide(commitment)
      if (references !== undefined) await this.#attempt(commitment, references, signal)
      // Thousands of references may have been looked up.
      await setImmediate()
      if (signal.aborted) return
    }
  }

  /** Returns undefined while the result may still improve. */
  async #decide({ id, requestedAt }: OpenCommitment): Promise<Decided[] | undefined> {
    const { commitments, settings, clock } = this.#options
    const waitedMs = clock.now() - requestedAt
    const decided: Decided[] = []
    for await (const reference of commitments.references(id)) {
      const outcome = decideCommitment(reference, waitedMs, settings)
      if (outcome === undefined) return undefined
      decided.push({ ...reference, outcome })
    }
    return decided
  }

  async #attempt(
    commitment: OpenCommitment,
    references: readonly Decided[],
    signal: AbortSignal,
  ): Promise<void> {
    const { commitments, alarms, send, log } = this.#options
    const { id, callingAeTitle, transactionUid } = commitment
    try {
      await send(commitment, references, this.#peers.get(id), signal)
    } catch (error) {
      if (!signal.aborted) this.#failed(commitment, error)
      return
    }
    this.#peers.delete(id)
    commitments.reported(id, references)
    alarms.clear('COMMITMENT_UNREPORTED', callingAeTitle)
    const failed = references.filter(({ outcome }) => outcome !== 0).length
    const instances = references.length
    log.info('storage commitment reported', { callingAeTitle, transactionUid, instances, failed })
  }

  #failed({ id, callingAeTitle, transactionUid, attempts, dueSince }: OpenCommitment, error: unknown): void {
    const { commitments, settings, alarms, clock, log } = this.#options
    const failure = failureFrom(error, 'INTERNAL', 'reporting storage commitment')
    const { code, message } = failure
    log.warn('storage commitment not reported', { callingAeTitle, transactionUid, code, reason: message })
    commitments.postpone(id, failure, clock.now() + backoffMs(attempts, FIRST_MS, CAP_MS))
    const dueMs = clock.now() - (dueSince ?? clock.now())
    if (dueMs >= settings.reportMs) commitments.abandon(id)
    if (code === 'COMMITMENT_UNREPORTED' || dueMs >= ALARM_AFTER_MS)
      alarms.raise('COMMITMENT_UNREPORTED', callingAeTitle, message)
  }
}

type Decided = ReportedReference & { readonly position: number }
