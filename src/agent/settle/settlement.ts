import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { ManifestAnswer } from '../../protocol/center-api.ts'
import { claimedKid, jwsDigest } from '../../protocol/jws.ts'
import { PART_INSTANCES, verifyManifest } from '../../protocol/manifest.ts'
import { type PacsState, type Receipt, verifyReceipt } from '../../protocol/receipt.ts'
import { type SigningKey, type VerifyKey } from '../../protocol/signing-key.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Alarms } from '../queue/alarms.ts'
import type { FailedRequests } from '../queue/failed-requests.ts'
import type { Receipted } from '../queue/receipts/receipted.ts'
import type { Studies } from '../queue/studies.ts'
import type { ManifestRow } from '../queue/study-rows.ts'
import { checkReceipt } from './check-receipt.ts'
import { closeStudy } from './close-study.ts'
import type { QuietTimes } from './quiet-times.ts'
import type { RetentionClock } from './retention-clock.ts'

const FIRST_MS = 1000
const CAP_MS = 60_000
const PACS_FIRST_MS = 2000
const PACS_CAP_MS = 10 * 60_000
const IDLE_MS = 60_000
/** A center that confirms instances and then lacks them does not get them again and again at full speed. */
const AGAIN_FIRST_MS = 10_000
const AGAIN_CAP_MS = 10 * 60_000

/** Number of studies whose manifests are posted at the same time: one that hangs does not stop the others. */
const POSTS_AT_ONCE = 2
/** While one is posted, others may become due. */
const POSTING_MS = 1000

type PostedManifest = ManifestRow & { readonly jws: string }

/** Questions to the center at the end of a study. */
export interface SettlementQuestions {
  /** Asks for the receipt to a signed manifest; the center may name instances that it lacks instead. */
  postManifest(jws: string, studyInstanceUid: string, signal: AbortSignal): Promise<ManifestAnswer>
  /** Learns the center's newest key list. */
  askAgent(signal: AbortSignal): Promise<unknown>
}

/** Work that becomes due for other stages. */
export interface SettlementHints {
  /** Instances go again. */
  requeued(): void
  /** A receipt was believed, the first one of this many instances. */
  confirmed(studyInstanceUid: string, instances: number): void
  /** A believed receipt does not follow the ones before it: answers were lost, or the center's register went back. */
  unchained(): void
}

interface SettlementOptions {
  destination: string
  studies: Studies
  receipted: Receipted
  alarms: Alarms
  failedRequests: FailedRequests
  quiet: QuietTimes
  signingKey: SigningKey
  /** Maximum number of instances in one part of a manifest; default PART_INSTANCES. */
  partInstances?: number
  /** The center's root key fingerprint, and the keys that may sign its receipts at this moment. */
  readonly center: string
  receiptKeys: () => readonly VerifyKey[]
  questions: SettlementQuestions
  hints: SettlementHints
  /** The time by which copies are kept. */
  retentionClock: Pick<RetentionClock, 'latest'>
  /** Called with instances that have got their first receipt. */
  confirmed?: (ulids: readonly Ulid[]) => void
  clock: Clock
  log: Log
}

/**
 * Completes studies: closes a study with a signed manifest if nothing new has arrived for a while and all of it is at
 * the center, asks for the receipt until there is one, checks it against our own record, and only then confirms.
 */
export class Settlement {
  readonly #options: SettlementOptions
  readonly #wake: Wake
  /** How often the center lacked instances of a study since its last receipt. */
  readonly #timesLacked = new Map<string, number>()

  constructor(options: SettlementOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const posts = new Map<string, Promise<void>>()
    const faults: Failure[] = []
    while (!signal.aborted && faults.length === 0) {
      const nextQuietMs = await this.#closeQuietStudies(signal)
      for (const manifest of this.#options.studies.manifestsDue(this.#options.destination)) {
        const { studyInstanceUid } = manifest
        if (signal.aborted || posts.size >= POSTS_AT_ONCE) break
        if (posts.has(studyInstanceUid)) continue
        const post = this.#settle(manifest, signal)
          .catch((error: unknown) => void faults.push(failureFrom(error, 'INTERNAL', 'settling a study')))
          .finally(() => {
            posts.delete(studyInstanceUid)
            this.#wake.call()
          })
        posts.set(studyInstanceUid, post)
      }
      const dueMs = posts.size > 0 ? POSTING_MS : this.#untilNextDue()
      await this.#wake.wait(Math.min(nextQuietMs, dueMs), signal)
    }
    await Promise.all(posts.values())
    for (const fault of faults) throw fault
  }

  /** Returns after how many ms the next open study may be quiet. */
  async #closeQuietStudies(signal: AbortSignal): Promise<number> {
    const { destination, studies, quiet } = this.#options
    let nextMs = IDLE_MS
    for (const study of studies.readyToClose(destination)) {
      const waitMs = quiet.untilQuietMs(study)
      if (waitMs > 0) nextMs = Math.min(nextMs, waitMs)
      else {
        await this.#close(study.studyInstanceUid, signal)
        if (signal.aborted) break
      }
    }
    return nextMs
  }

  async #close(study: string, signal: AbortSignal): Promise<void> {
    const { partInstances = PART_INSTANCES, quiet, log } = this.#options
    const closed = await closeStudy({ ...this.#options, partInstances }, study, signal)
    if (closed === undefined) return
    quiet.forget(study)
    log.info('study closed', { studyInstanceUid: study, ...closed })
  }

  async #settle(row: ManifestRow, signal: AbortSignal): Promise<void> {
    const { destination, studies, failedRequests, questions, signingKey, clock } = this.#options
    const manifest = { ...row, jws: studies.jwsOf(destination, row) }
    if (claimedKid(manifest.jws) !== signingKey.kid) return this.#listAnew(manifest)
    try {
      const answer = await questions.postManifest(manifest.jws, row.studyInstanceUid, signal)
      if ('receipt' in answer) await this.#confirm(manifest, answer.receipt, signal)
      else this.#sendAgain(manifest, answer.missing)
      for (const kind of ['receipt', 'pacs'] as const) failedRequests.succeeded(kind, row.studyInstanceUid)
    } catch (error) {
      if (signal.aborted) return
      const failure = failureFrom(error, 'INTERNAL', 'asking for a receipt')
      const nextAttemptAt = clock.now() + backoffMs(row.attempts, FIRST_MS, CAP_MS)
      studies.postpone(destination, row.studyInstanceUid, failure, nextAttemptAt)
      const kind = row.pacs === null ? 'receipt' : 'pacs'
      failedRequests.failed(kind, row.studyInstanceUid, failure, nextAttemptAt)
    }
  }

  /** It was signed before the agent lost its key and joined again: the next manifest is signed with the new key. */
  #listAnew(manifest: ManifestRow): void {
    this.#options.receipted.offerAgain(this.#options.destination, [manifest])
    this.wake()
  }

  async #confirm(row: PostedManifest, receiptJws: string, signal: AbortSignal): Promise<void> {
    const { destination, studies, alarms, clock, log } = this.#options
    const { studyInstanceUid, version, part } = row
    if (!this.#isKeyKnown(receiptJws)) await this.#options.questions.askAgent(signal)
    const receipt = this.#believe(row, receiptJws)
    const pacs = pacsOf(receipt)
    const before = studies.pacs(destination, studyInstanceUid)
    const delayMs = backoffMs(row.attempts, PACS_FIRST_MS, PACS_CAP_MS)
    // If the PACS has the instances of this part, the next part is asked about at once.
    const pacsDueAt = clock.now() + (row.pacs === null || isUnderWay(pacs) ? delayMs : 0)
    const ulids = receipt.instances.map(({ ulid }) => ulid)
    const { counter, previous } = receipt
    const believed = { jws: receiptJws, digest: jwsDigest(receiptJws), counter, previous }
    const keptFrom = this.#options.retentionClock.latest()
    const confirmation = { at: clock.now(), keptFrom, pacs, pacsDueAt }
    const follows = studies.confirm(destination, row, believed, ulids, confirmation)
    if (!follows) this.#options.hints.unchained()
    this.#options.hints.confirmed(studyInstanceUid, row.pacs === null ? ulids.length : 0)
    if (row.pacs === null) this.#options.confirmed?.(ulids)
    this.#timesLacked.delete(studyInstanceUid)
    alarms.clear('RECEIPT_MISMATCH', studyInstanceUid)
    alarms.clear('CENTER_BEHIND', studyInstanceUid)
    const ofStudy = studies.pacs(destination, studyInstanceUid)
    if (ofStudy === 'refused') {
      const words = 'the PACS behind the center refuses instances of this study; the center holds them'
      alarms.raise('PACS_REFUSED', studyInstanceUid, words)
    } else alarms.clear('PACS_REFUSED', studyInstanceUid)
    if (ofStudy === undefined)
      log.debug('part of a study confirmed', { studyInstanceUid, version, part, instances: ulids.length })
    else if (ofStudy !== before)
      log.info('study confirmed', { studyInstanceUid, version, parts: receipt.parts, pacs: ofStudy })
  }

  /**
   * The center may have announced the key since the list was last fetched. Bytes that are not a receipt are not
   * accepted under any key.
   */
  #isKeyKnown(receiptJws: string): boolean {
    try {
      const kid = claimedKid(receiptJws)
      return this.#options.receiptKeys().some((key) => key.kid === kid)
    } catch {
      return true
    }
  }

  /** A person must see a false receipt at once; the study stays unconfirmed. */
  #believe({ jws, digest, studyInstanceUid }: PostedManifest, receiptJws: string): Receipt {
    const { alarms, log, receiptKeys, center, signingKey } = this.#options
    try {
      const receipt = verifyReceipt(receiptJws, receiptKeys())
      checkReceipt(receipt, verifyManifest(jws, [signingKey]), digest, center)
      return receipt
    } catch (error) {
      const failure = failureFrom(error, 'INTERNAL', 'checking a receipt')
      log.error('receipt not believed', { studyInstanceUid, code: failure.code, reason: failure.message })
      alarms.raise('RECEIPT_MISMATCH', studyInstanceUid, failure.message)
      throw failure
    }
  }

  #sendAgain(row: PostedManifest, missing: readonly string[]): void {
    const { destination, receipted, alarms, clock, hints, log } = this.#options
    const { studyInstanceUid } = row
    this.#checkListed(row, missing)
    const times = (this.#timesLacked.get(studyInstanceUid) ?? 0) + 1
    this.#timesLacked.set(studyInstanceUid, times)
    const delay = times === 1 ? 0 : backoffMs(times - 2, AGAIN_FIRST_MS, AGAIN_CAP_MS)
    const nextAttemptAt = clock.now() + delay
    const terms = { failure: lacking(), nextAttemptAt, lost: beyondSending() }
    const lost = receipted.sendAgain(destination, studyInstanceUid, missing, terms)
    log.warn('center asks again', { studyInstanceUid, instances: missing.length, lost })
    if (times > 1) {
      const words = `the center confirmed ${missing.length} instances that it does not have (occurrence ${times})`
      alarms.raise('CENTER_BEHIND', studyInstanceUid, words)
    }
    hints.requeued()
  }

  #checkListed({ jws }: PostedManifest, missing: readonly string[]): void {
    const { instances } = verifyManifest(jws, [this.#options.signingKey])
    const listed = new Set<string>(instances.map(({ ulid }) => ulid))
    if (missing.every((ulid) => listed.has(ulid))) return
    throw new Failure('CENTER_ANSWER_INVALID', 'asking for a receipt: the center lacks what was not listed')
  }

  #untilNextDue(): number {
    const due = this.#options.studies.nextDue(this.#options.destination)
    return due === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, due - this.#options.clock.now()) + 5)
  }
}

const lacking = (): Failure =>
  new Failure('CENTER_ERROR', 'the center had taken it and no longer holds it; it is sent again')

const beyondSending = (): Failure =>
  new Failure('CENTER_LOST', 'the center has lost it, and the copy here was removed after the retention time')

/** Returns true if the state may still change by itself, or by the center's operator. */
const isUnderWay = (pacs: PacsState | 'partial'): boolean => pacs === 'waiting' || pacs === 'held'

/**
 * The state of a part at the PACS is that of the instance that needs a person most, then of the slowest. It is accepted
 * only if all of its instances are.
 */
function pacsOf({ instances }: Receipt): PacsState | 'partial' {
  const states = new Set(instances.map(({ pacs }) => pacs))
  for (const state of ['refused', 'held', 'waiting', 'unverified'] as const)
    if (states.has(state)) return state
  if (!states.has('none')) return 'accepted'
  return states.has('accepted') ? 'partial' : 'none'
}
