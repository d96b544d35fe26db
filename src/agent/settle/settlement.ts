import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { ManifestAnswer } from '../../protocol/center-api.ts'
import { signManifest, verifyManifest } from '../../protocol/manifest.ts'
import { type PacsState, type Receipt, verifyReceipt } from '../../protocol/receipt.ts'
import { type SigningKey, type VerifyKey } from '../../protocol/signing-key.ts'
import { SUITE } from '../../protocol/spool-file.ts'
import type { ManifestRow, Studies } from '../queue/studies.ts'
import type { WatchPoints } from '../queue/watch-points.ts'
import { checkReceipt } from './check-receipt.ts'
import type { QuietTimes } from './quiet-times.ts'

const FIRST_MS = 1000
const CAP_MS = 60_000
const PACS_FIRST_MS = 2000
const PACS_CAP_MS = 10 * 60_000
const IDLE_MS = 60_000

export interface SettlementParts {
  destination: string
  studies: Studies
  watchPoints: WatchPoints
  quiet: QuietTimes
  signingKey: SigningKey
  /** The center's root key fingerprint, and the keys that may sign its receipts at this moment. */
  center: string
  receiptKeys: () => readonly VerifyKey[]
  postManifest: (jws: string, signal: AbortSignal) => Promise<ManifestAnswer>
  /** Instances go again. */
  requeued: () => void
  clock: Clock
  log: Log
}

/**
 * Brings studies to their end: closes one with a signed manifest when nothing new has come for a while and all of it is
 * at the center, asks for the receipt until there is one, checks it against our own record, and only then confirms.
 */
export class Settlement {
  readonly #parts: SettlementParts
  readonly #wake: Wake

  constructor(parts: SettlementParts) {
    this.#parts = parts
    this.#wake = new Wake(parts.clock)
  }

  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nextQuietMs = this.#closeQuietStudies()
      for (const manifest of this.#parts.studies.manifestsDue(this.#parts.destination)) {
        if (!signal.aborted) await this.#settle(manifest, signal)
      }
      await this.#wake.wait(Math.min(nextQuietMs, this.#untilNextDue()), signal)
    }
  }

  /** Returns after how many ms the next open study may be quiet. */
  #closeQuietStudies(): number {
    const { destination, studies, quiet } = this.#parts
    let nextMs = IDLE_MS
    for (const study of studies.readyToClose(destination)) {
      const waitMs = quiet.untilQuietMs(study)
      if (waitMs <= 0) this.#close(study)
      else nextMs = Math.min(nextMs, waitMs)
    }
    return nextMs
  }

  #close(study: string): void {
    const { destination, studies, signingKey, clock, quiet, log } = this.#parts
    const { version, previousDigest, heldCount, instances } = studies.toList(destination, study)
    const { jws, digest } = signManifest(
      {
        format: 'ferry-manifest/1',
        suite: SUITE,
        agent: signingKey.kid,
        study,
        version,
        previous: previousDigest,
        createdAt: new Date(clock.now()).toISOString(),
        heldCount,
        instances,
      },
      signingKey,
    )
    studies.close(destination, study, version, digest, jws)
    quiet.forget(study)
    log.info('study closed', {
      studyInstanceUid: study,
      version,
      instances: instances.length,
      held: heldCount,
    })
  }

  async #settle(manifest: ManifestRow, signal: AbortSignal): Promise<void> {
    const { destination, studies, postManifest, clock } = this.#parts
    try {
      const answer = await postManifest(manifest.jws, signal)
      if ('receipt' in answer) this.#confirm(manifest, answer.receipt)
      else this.#sendAgain(manifest, answer.missing)
    } catch (error) {
      if (signal.aborted) return
      const failure = failureFrom(error, 'INTERNAL', 'asking for a receipt')
      this.#alarmIfUntrue(manifest, failure)
      const delay = backoffMs(manifest.attempts, FIRST_MS, CAP_MS)
      studies.postpone(destination, manifest.studyInstanceUid, failure, clock.now() + delay)
    }
  }

  #confirm(row: ManifestRow, receiptJws: string): void {
    const { destination, studies, watchPoints, clock, log, receiptKeys, center, signingKey } = this.#parts
    const manifest = verifyManifest(row.jws, [signingKey])
    const receipt = verifyReceipt(receiptJws, receiptKeys())
    checkReceipt(receipt, manifest, row.digest, center)
    const pacs = pacsOf(receipt)
    const pacsDueAt =
      clock.now() + backoffMs(row.pacs === null ? 0 : row.attempts, PACS_FIRST_MS, PACS_CAP_MS)
    const ulids = manifest.instances.map(({ ulid }) => ulid)
    studies.confirm(destination, row, receiptJws, ulids, pacs, pacsDueAt)
    watchPoints.clear('RECEIPT_MISMATCH', row.studyInstanceUid)
    const { studyInstanceUid, version } = row
    if (pacs === 'refused') {
      const words = 'the PACS behind the center refuses instances of this study; the center holds them'
      watchPoints.raise('PACS_REFUSED', studyInstanceUid, words)
    } else watchPoints.clear('PACS_REFUSED', studyInstanceUid)
    if (row.pacs !== pacs)
      log.info('study confirmed', { studyInstanceUid, version, instances: ulids.length, pacs })
  }

  #sendAgain({ studyInstanceUid }: ManifestRow, missing: readonly string[]): void {
    const { destination, studies, requeued, log } = this.#parts
    const failure = new Failure(
      'CENTER_ERROR',
      'the center had taken it and no longer holds it; it is sent again',
    )
    studies.sendAgain(destination, studyInstanceUid, missing, failure)
    log.warn('center asks again', { studyInstanceUid, instances: missing.length })
    requeued()
  }

  /** A receipt that is not true must be seen by a person at once; the study stays unconfirmed. */
  #alarmIfUntrue({ studyInstanceUid }: ManifestRow, { code, message }: Failure): void {
    if (code !== 'RECEIPT_MISMATCH' && code !== 'SIGNATURE_INVALID' && code !== 'RECEIPT_INVALID') return
    this.#parts.log.error('receipt not believed', { studyInstanceUid, code, reason: message })
    this.#parts.watchPoints.raise('RECEIPT_MISMATCH', studyInstanceUid, message)
  }

  #untilNextDue(): number {
    const due = this.#parts.studies.nextDue(this.#parts.destination)
    return due === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, due - this.#parts.clock.now()) + 5)
  }
}

/** The study's state at the PACS is that of its slowest instance; a refusal outranks waiting. */
function pacsOf({ instances }: Receipt): PacsState {
  const states = new Set(instances.map(({ pacs }) => pacs))
  for (const state of ['refused', 'waiting', 'accepted'] as const) if (states.has(state)) return state
  return 'none'
}
