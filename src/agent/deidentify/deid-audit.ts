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
  /** Most decisions are made once for a profile and met again and again. */
  readonly #decisions = new Map<Decision, number>()
  #scrubbed = 0

  count(decision: Decision): void {
    this.#decisions.set(decision, (this.#decisions.get(decision) ?? 0) + 1)
  }

  scrubbed(): void {
    this.#scrubbed++
  }

  audit({ name, options }: DeidProfile, pixelsAreClean: boolean): DeidAudit {
    const actions = new Map<DeidAction, number>()
    const rules = new Map<string, number>()
    for (const [{ action, rule }, count] of this.#decisions) {
      actions.set(action, (actions.get(action) ?? 0) + count)
      if (action !== 'keep' && action !== 'clean-items') rules.set(rule, (rules.get(rule) ?? 0) + count)
    }
    return {
      profile: name,
      edition: TABLE_EDITION,
      options: Array.from(options).toSorted(),
      actions: Object.fromEntries(actions),
      rules: Object.fromEntries(rules),
      scrubbed: this.#scrubbed,
      pixelsAreClean,
    }
  }
}
