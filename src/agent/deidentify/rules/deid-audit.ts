import { remembering } from '../../../dicom/vocabulary/remembering.ts'
import type { DeidProfile } from '../element/profile.ts'
import { TABLE_EDITION } from './confidentiality-table.ts'
import type { Decision, DeidAction } from './decide-action.ts'

/** The changes of one instance, without values or anything from which a value could be guessed. */
export interface DeidAudit {
  readonly profile: string
  readonly edition: string
  readonly options: readonly string[]
  /** Number of elements by action. */
  readonly actions: Readonly<Partial<Record<DeidAction, number>>>
  /** Number of elements by deciding rule; 'not in Table E.1-1' is left out. */
  readonly rules: Readonly<Record<string, number>>
  /** Number of values that stayed and from which a known value was removed. */
  readonly scrubbed: number
  readonly pixelsAreClean: boolean
}

const SORTED = remembering(64, (options: DeidProfile['options']) => Array.from(options).toSorted())

export class DeidCounter {
  /** Most decisions are made once for a profile and occur again and again. */
  readonly #decisions = new Map<Decision, number>()
  #scrubbed = 0

  count(decision: Decision): void {
    this.#decisions.set(decision, (this.#decisions.get(decision) ?? 0) + 1)
  }

  scrubbed(): void {
    this.#scrubbed++
  }

  audit({ name, options }: DeidProfile, pixelsAreClean: boolean): DeidAudit {
    const actions: Partial<Record<DeidAction, number>> = {}
    const rules: Record<string, number> = {}
    for (const [{ action, rule }, count] of this.#decisions) {
      actions[action] = (actions[action] ?? 0) + count
      if (action !== 'keep' && action !== 'clean-items') rules[rule] = (rules[rule] ?? 0) + count
    }
    return {
      profile: name,
      edition: TABLE_EDITION,
      options: SORTED(options),
      actions,
      rules,
      scrubbed: this.#scrubbed,
      pixelsAreClean,
    }
  }
}
