import { TABLE_EDITION } from './confidentiality-table.ts'
import type { Decision, DeidAction } from './decide-action.ts'
import type { DeidProfile } from './profile.ts'

/** What was done to one instance: no value, and nothing from which one could be guessed. */
export interface DeidAudit {
  readonly profile: string
  readonly edition: string
  readonly options: readonly string[]
  /** Elements by what became of them. */
  readonly actions: Readonly<Partial<Record<DeidAction, number>>>
  /** Elements by the rule that decided; 'not in Table E.1-1' is left out. */
  readonly rules: Readonly<Record<string, number>>
  /** Values that stayed and in which something known was found and taken out. */
  readonly scrubbed: number
  readonly pixelsAreClean: boolean
}

export class DeidCounter {
  readonly #actions = new Map<DeidAction, number>()
  readonly #rules = new Map<string, number>()
  #scrubbed = 0

  count({ action, rule }: Decision): void {
    this.#actions.set(action, (this.#actions.get(action) ?? 0) + 1)
    if (action !== 'keep' && action !== 'clean-items') this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + 1)
  }

  scrubbed(): void {
    this.#scrubbed++
  }

  audit({ name, options }: DeidProfile, pixelsAreClean: boolean): DeidAudit {
    return {
      profile: name,
      edition: TABLE_EDITION,
      options: Array.from(options).toSorted(),
      actions: Object.fromEntries(this.#actions),
      rules: Object.fromEntries(this.#rules),
      scrubbed: this.#scrubbed,
      pixelsAreClean,
    }
  }
}
