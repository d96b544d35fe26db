import { Sealer } from '../../age/sealer.ts'
import type { Recipient } from '../../age/x25519-keys.ts'

/** Enough for the devices that finish at the same moment; a prepared sealer costs nothing while it waits. */
const MOST = 4

/**
 * Prepares sealers in advance: the key agreement with each recipient takes half a ms, which is better spent while an
 * instance waits for the disk than while the next one waits for Success. Each sealer is used for one file and never
 * again.
 */
export class PreparedSealers {
  #recipients: readonly Recipient[] | undefined
  #ready: Sealer[] = []

  /** Returns a sealer for these recipients, prepared or new. Sealers for other recipients are dropped. */
  take(recipients: readonly Recipient[]): Sealer {
    if (recipients !== this.#recipients) {
      this.#recipients = recipients
      this.#ready = []
    }
    return this.#ready.pop() ?? new Sealer(recipients)
  }

  /** Prepares one more sealer for the last recipients. */
  prepare(): void {
    if (this.#recipients !== undefined && this.#ready.length < MOST)
      this.#ready.push(new Sealer(this.#recipients))
  }
}
