import { parseRecipient, type Recipient } from '../../age/x25519-keys.ts'
import { Failure } from '../../platform/failure.ts'
import { type KeyList, receiptKeys } from '../../protocol/key-list.ts'
import type { VerifyKey } from '../../protocol/signing-key.ts'
import type { CenterAccount } from './center-account.ts'

/** The center's keys in the forms in which they are used; {@link renew} applies a newer list at once and everywhere. */
export class TrustedKeys {
  readonly #account: CenterAccount
  readonly #ownRecipients: readonly Recipient[]
  #list: KeyList | undefined
  #recipients: readonly Recipient[] = []
  #receiptKeys: readonly VerifyKey[] = []

  /**
   * `ownRecipients`: the clinic's own age recipients, in addition to the center's. An agent that has not joined a center
   * has no keys until {@link renew} finds them. Throws AGE_KEY_INVALID.
   */
  constructor(account: CenterAccount, ownRecipients: readonly string[]) {
    this.#account = account
    this.#ownRecipients = ownRecipients.map(parseRecipient)
    if (account.isEnrolled) this.renew()
  }

  /** Throws NOT_ENROLLED. */
  renew(): void {
    const list = this.#account.keyList()
    this.#list = list
    this.#recipients = [
      ...list.seal.map(({ recipient }) => parseRecipient(recipient)),
      ...this.#ownRecipients,
    ]
    this.#receiptKeys = receiptKeys(list)
  }

  /** False until the agent has joined a center: there is no key to seal to. */
  get areKnown(): boolean {
    return this.#list !== undefined
  }

  /** Null before the agent has joined a center. */
  get centerName(): string | null {
    return this.#list?.centerName ?? null
  }

  /** Throws NOT_ENROLLED: nothing is sealed for the clinic's own recipients alone. */
  get recipients(): readonly Recipient[] {
    if (this.#list === undefined)
      throw new Failure('NOT_ENROLLED', 'sealing an instance: this agent belongs to no center yet')
    return this.#recipients
  }

  get receiptKeys(): readonly VerifyKey[] {
    return this.#receiptKeys
  }

  /** The join code's pin was used for the first contact; from then on only the key list's pins are. */
  get tlsPins(): readonly string[] {
    return this.#list?.tlsPins ?? []
  }
}
