/** Counts what each address holds, against a limit for all and one for each. */
export class PeerCount {
  readonly #limit: number
  readonly #limitPerPeer: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(limit: number, limitPerPeer: number) {
    this.#limit = limit
    this.#limitPerPeer = limitPerPeer
  }

  /**
   * Takes one more for the address. Returns false, and takes nothing, if a limit is reached; `kept` places are not for
   * this address.
   */
  take(address: string, kept: number): boolean {
    const held = this.#held.get(address) ?? 0
    if (this.#total >= this.#limit - kept || held >= this.#limitPerPeer) return false
    this.#total++
    this.#held.set(address, held + 1)
    return true
  }

  giveBack(address: string): void {
    const held = this.#held.get(address) ?? 0
    this.#total--
    if (held > 1) this.#held.set(address, held - 1)
    else this.#held.delete(address)
  }
}
