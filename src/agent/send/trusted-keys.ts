import { parseRecipient, type Recipient } from '../../age/x25519-keys.ts'
import { type KeyList, receiptKeys } from '../../protocol/key-list.ts'
import type { VerifyKey } from '../../protocol/signing-key.ts'
import type { CenterAccount } from './center-account.ts'

/** The center's keys in the forms in which they are used; {@link renew} applies a newer list at once and everywhere. */
export class TrustedKeys {
  readonly #account: CenterAccount
  readonly #ownRecipients: readonly Recipient[]
  #list: KeyList
  #recipients: readonly Recipient[] = []
  #receiptKeys: readonly VerifyKey[] = []

  /**
   * `ownRecipients`: the clinic's own age recipients, in addition to the center's. Throws NOT_ENROLLED,
   * AGE_KEY_INVALID.
   */
  constructor(account: CenterAccount, ownRecipients: readonly string[]) {
    this.#account = account
    this.#ownRecipients = ownRecipients.map(parseRecipient)
    this.#list = account.keyList()
    this.renew()
  }

  renew(): void {
    this.#list = this.#account.keyList()
    this.#recipients = [
      ...this.#list.seal.map(({ recipient }) => parseRecipient(recipient)),
      ...this.#ownRecipients,
    ]
    this.#receiptKeys = receiptKeys(this.#list)
  }

  get centerName(): string {
    return this.#list.centerName
  }

  get recipients(): readonly Recipient[] {
    return this.#recipients
  }

  get receiptKeys(): readonly VerifyKey[] {
    return this.#receiptKeys
  }

  /** The join code's pin was used for the first contact; from then on only the key list's pins are. */
  get tlsPins(): readonly string[] {
    return this.#list.tlsPins
  }
}
