import { Sealer } from '../../age/sealer.ts'
import type { Recipient } from '../../age/x25519-keys.ts'

/** As many as devices that finish at the same moment; what lies ready for longer costs nothing. */
const MOST = 4

/**
 * Sealers made ahead: agreeing on a key with each recipient takes half a ms, which is better spent while an instance waits
 * for the disk than while the next one waits for Success. Each is used for one file and never again.
 */
export class PreparedSealers {
  #recipients: readonly Recipient[] | undefined
  #ready: Sealer[] = []

  /** One for these recipients, ready or new. Those made for others are forgotten. */
  take(recipients: readonly Recipient[]): Sealer {
    if (recipients !== this.#recipients) {
      this.#recipients = recipients
      this.#ready = []
    }
    return this.#ready.pop() ?? new Sealer(recipients)
  }

  /** Makes one more for those who were last sealed to. */
  prepare(): void {
    if (this.#recipients !== undefined && this.#ready.length < MOST)
      this.#ready.push(new Sealer(this.#recipients))
  }
}
