import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import {
  CENTER_PATHS,
  RECEIPTS_ASKED,
  type ReceiptLink,
  type ReceiptsRequest,
} from '../../protocol/center-api.ts'
import type { Alarms } from '../queue/alarms.ts'
import type { FailedRequests } from '../queue/failed-requests.ts'
import type { ReceiptChain } from '../queue/receipts/receipt-chain.ts'
import type { Receipted, ReceiptedManifest } from '../queue/receipts/receipted.ts'

const EVERY_MS = 5 * 60_000
/** The delay while the center is behind, or could not be asked. */
const SOON_MS = 60_000

/** The center's statement about itself at one moment. */
export interface CenterMemory {
  /** Its newest receipt to this agent; null if there is none. */
  chain: ReceiptLink | null
  /**
   * Changes whenever the center has found instances lost, or found them again; null while it cannot look at its store.
   */
  losses: number | null
}

/** Questions to the center about its receipts. */
export interface AuditQuestions {
  askAgent(signal: AbortSignal): Promise<CenterMemory>
  /** Returns the digests of manifests and receipts that the center does not know or no longer confirms. */
  askUnknown(asked: ReceiptsRequest, signal: AbortSignal): Promise<readonly string[]>
}

/** Work that becomes due for other stages. */
export interface AuditHints {
  /** Manifests are to be posted again. */
  offered(): void
  /** The center would take nothing from this agent, or cannot be asked. */
  inTrouble(failure: Failure): void
}

interface ReceiptAuditOptions {
  destination: string
  receipted: Receipted
  receiptChain: ReceiptChain
  alarms: Alarms
  failedRequests: FailedRequests
  questions: AuditQuestions
  hints: AuditHints
  clock: Clock
  log: Log
}

/**
 * The ends of the chain that the agent knows, the center's newest receipt, and whether the center has all of the ends.
 */
interface Look {
  readonly ends: readonly ReceiptLink[]
  readonly newest: ReceiptLink | null
  readonly losses: number | null
  readonly isWhole: boolean
}

/**
 * Asks the center every few minutes whether it still confirms its receipts. Each receipt names the previous one, so the
 * newest represents all: a center that lacks it went back in time (an older backup, a snapshot). A center whose disk
 * has lost files reports losses, and no longer confirms the receipts that list them. All receipts are then compared,
 * the studies in doubt are offered again, and the center asks for the instances that it lacks. Until it confirms every
 * receipt again the center is behind, and nothing may be removed here.
 */
export class ReceiptAudit {
  readonly #options: ReceiptAuditOptions
  readonly #wake: Wake
  /** The number of losses at which the center confirmed all receipts; undefined until they were compared. */
  #losses: number | undefined
  /** The losses after which the center was last asked for instances that it had lost and that were removed here. */
  #asked: number | undefined

  constructor(options: ReceiptAuditOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Looks now, because a receipt arrived that follows no known one. */
  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isWhole = await this.#check(signal)
      await this.#wake.wait(isWhole ? EVERY_MS : SOON_MS, signal)
    }
  }

  /** Asks at this moment; resolves to false also if there is no answer. */
  async isWhole(signal: AbortSignal): Promise<boolean> {
    try {
      const { isWhole, losses } = await this.#look(signal)
      return isWhole && losses === this.#losses
    } catch {
      return false
    }
  }

  async #check(signal: AbortSignal): Promise<boolean> {
    const { destination, receipted, receiptChain, failedRequests } = this.#options
    try {
      const { ends, newest, losses, isWhole } = await this.#look(signal)
      // The center does not know what it has: nothing is withdrawn, and nothing is removed.
      if (losses === null) return false
      if (losses !== this.#asked) {
        this.#asked = losses
        if (receipted.askForLost(destination) > 0) this.#options.hints.offered()
      }
      if (!isWhole || losses !== this.#losses) await this.#compare(signal)
      failedRequests.succeeded('receipts', CENTER_PATHS.receipts)
      const behind = receipted.onTheirWay(destination)
      this.#tell(behind)
      if (behind > 0) return false
      receiptChain.adopt(destination, ends, newest)
      this.#losses = losses
      return true
    } catch (error) {
      if (!signal.aborted) this.#failed(failureFrom(error, 'INTERNAL', 'asking the center for its receipts'))
      return false
    }
  }

  #failed(failure: Failure): void {
    const { failedRequests, hints, clock } = this.#options
    failedRequests.failed('receipts', CENTER_PATHS.receipts, failure, clock.now() + SOON_MS)
    hints.inTrouble(failure)
  }

  /** An agent without a chain end, as after the loss of its index, knows nothing about the center's receipts. */
  async #look(signal: AbortSignal): Promise<Look> {
    const { destination, receiptChain, questions } = this.#options
    const ends = receiptChain.ends(destination)
    const { chain: newest, losses } = await questions.askAgent(signal)
    const farthest = ends[0]
    if (farthest === undefined || newest === null || farthest.counter > newest.counter) {
      return { ends, newest, losses, isWhole: false }
    }
    const others = ends.filter(({ digest }) => digest !== newest.digest).map(({ digest }) => digest)
    if (others.length > RECEIPTS_ASKED) return { ends, newest, losses, isWhole: false }
    const unknown =
      others.length === 0 ? [] : await questions.askUnknown({ manifests: [], receipts: others }, signal)
    return { ends, newest, losses, isWhole: unknown.length === 0 }
  }

  /**
   * Offers again the manifests that the center does not know. Covers everything that is still kept here, and older
   * manifests until the center knows all of them: its losses are between the backup and the failure, and people must be
   * told about instances that are no longer kept.
   */
  async #compare(signal: AbortSignal): Promise<void> {
    const { destination, receipted, questions, hints } = this.#options
    let last: ReceiptedManifest | undefined
    for (;;) {
      const page = receipted.list(destination, RECEIPTS_ASKED, last)
      last = page.at(-1)
      if (last === undefined) return
      const manifests = page.map(({ digest }) => digest)
      const unknown = new Set(await questions.askUnknown({ manifests, receipts: [] }, signal))
      const lost = page.filter(({ digest }) => unknown.has(digest))
      if (lost.length === 0 && page.every(({ isKept }) => isKept === 0)) return
      receipted.offerAgain(destination, lost)
      if (lost.length > 0) hints.offered()
    }
  }

  #tell(behind: number): void {
    const { destination, alarms, log } = this.#options
    if (behind === 0) return alarms.clear('CENTER_BEHIND', destination)
    const studies = behind === 1 ? '1 study' : `${behind} studies`
    const words = `the center has lost ${studies} that it had receipted (an older backup, or a bad disk?); sending again`
    alarms.raise('CENTER_BEHIND', destination, words)
    log.error('center does not know receipts that it gave', { code: 'CENTER_BEHIND', studies: behind })
  }
}
