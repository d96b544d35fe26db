import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { RECEIPTS_ASKED } from '../../protocol/center-api.ts'
import type { Receipted, ReceiptedStudy } from '../queue/receipted.ts'
import type { WatchPoints } from '../queue/watch-points.ts'

const EVERY_MS = 5 * 60_000
/** While the center is behind, or could not be asked. */
const SOON_MS = 60_000

/** Tells apart what the center remembers at two moments. */
export interface CenterMemory {
  /** The name of what the center remembers; another one when it may have forgotten something. */
  history: string
  /** Another number when it has found instances lost, or found them again; null while it cannot look at its store. */
  losses: number | null
}

export interface ReceiptAuditParts {
  destination: string
  receipted: Receipted
  watchPoints: WatchPoints
  askMemory: (signal: AbortSignal) => Promise<CenterMemory>
  /** Which of these manifests have no receipt at the center. */
  askUnknown: (digests: string[], signal: AbortSignal) => Promise<readonly string[]>
  /** Manifests are to be posted again. */
  offered: () => void
  /** The center would take nothing from this agent, or cannot be asked. */
  inTrouble: (failure: Failure) => void
  clock: Clock
  log: Log
}

/**
 * Asks the center every few minutes whether it is still the one that gave our receipts. One that was restored from an
 * older backup has another history and no longer knows some of them; one whose disk has lost files says that there were
 * losses, and no longer stands by the receipts that list them. Those studies are offered again, and it asks for what it
 * lacks of them. Until it stands by every receipt again it is behind, and nothing may be removed here.
 */
export class ReceiptAudit {
  readonly #parts: ReceiptAuditParts
  /** The memory in which the center stands by all that it has receipted. */
  #whole: CenterMemory | undefined
  /** The losses after which the center was last asked for what it had lost and this agent no longer has. */
  #asked: number | undefined

  constructor(parts: ReceiptAuditParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isWhole = await this.#check(signal)
      await this.#parts.clock.sleep(isWhole ? EVERY_MS : SOON_MS, signal).catch(() => {})
    }
  }

  /** Asks at this moment; false also where there is no answer. */
  async isWhole(signal: AbortSignal): Promise<boolean> {
    if (this.#whole === undefined) return false
    const memory = await this.#parts.askMemory(signal).catch(() => undefined)
    return memory !== undefined && isSame(memory, this.#whole)
  }

  async #check(signal: AbortSignal): Promise<boolean> {
    const { destination, receipted, askMemory, offered, inTrouble } = this.#parts
    try {
      const memory = await askMemory(signal)
      if (this.#whole !== undefined && isSame(memory, this.#whole)) return true
      // It does not know itself what it has: neither is anything taken back, nor removed.
      if (memory.losses === null) return false
      if (memory.losses !== this.#asked) {
        this.#asked = memory.losses
        if (receipted.askForLost(destination) > 0) offered()
      }
      const behind = await this.#compare(signal)
      this.#tell(behind)
      if (behind === 0) this.#whole = memory
      return behind === 0
    } catch (error) {
      if (!signal.aborted) inTrouble(failureFrom(error, 'INTERNAL', 'asking the center for its receipts'))
      return false
    }
  }

  /**
   * Offers again what the center does not know; returns how many studies are on their way because of that. Goes back
   * over all that is still kept here, and further until the center knows everything: what it has lost lies between the
   * backup and its loss, and what is no longer kept must be told to people.
   */
  async #compare(signal: AbortSignal): Promise<number> {
    const { destination, receipted, askUnknown, offered } = this.#parts
    let behind = 0
    let last: ReceiptedStudy | undefined
    for (;;) {
      const page = receipted.list(destination, RECEIPTS_ASKED, last)
      last = page.at(-1)
      if (last === undefined) return behind
      const digests = page.map(({ digest }) => digest)
      const unknown = new Set(await askUnknown(digests, signal))
      const lost = page.filter(({ digest }) => unknown.has(digest)).map((study) => study.studyInstanceUid)
      if (lost.length === 0 && page.every(({ isKept }) => isKept === 0)) return behind
      receipted.offerAgain(destination, lost)
      behind += receipted.onTheirWay(destination, lost)
      if (lost.length > 0) offered()
    }
  }

  #tell(behind: number): void {
    const { destination, watchPoints, log } = this.#parts
    if (behind === 0) return watchPoints.clear('CENTER_BEHIND', destination)
    const studies = behind === 1 ? '1 study' : `${behind} studies`
    const words = `the center has lost ${studies} that it had receipted (an older backup, or a bad disk?); sending again`
    watchPoints.raise('CENTER_BEHIND', destination, words)
    log.error('center does not know receipts that it gave', { code: 'CENTER_BEHIND', studies: behind })
  }
}

/** A center that does not know its losses is not known to be the same. */
function isSame(one: CenterMemory, other: CenterMemory): boolean {
  return one.history === other.history && one.losses !== null && one.losses === other.losses
}
