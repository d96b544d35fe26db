import type { PathPattern } from '../../dicom/edit/element-path.ts'
import type { DeidSource, RuleCondition } from '../deidentify/element/profile.ts'
import { fits } from '../deidentify/element/rule-condition.ts'

/** One change. Values are text; `{callingAeTitle}` and `{device}` in them are filled in. */
export type NormalizationStep =
  | {
      readonly kind: 'character-set'
      /** Specific Character Set as the device writes it; `none` = absent or empty, `any` = whatever it is. */
      readonly declared: string
      readonly actual: string
    }
  | { readonly kind: 'set' | 'prefix'; readonly pattern: PathPattern; readonly value: string }
  | { readonly kind: 'remove'; readonly pattern: PathPattern }
  /** Private elements but those of the creators to keep. */
  | { readonly kind: 'drop-private'; readonly keep: readonly string[] }

export interface NormalizationRule {
  readonly name: string
  readonly when?: (RuleCondition & { readonly route?: string | undefined }) | undefined
  readonly steps: readonly NormalizationStep[]
}

/** The facts that decide whether a rule applies. */
interface NormalizationFacts {
  readonly source: DeidSource
  readonly modality: string
  readonly sopClassUid: string
  readonly route: string
  /**
   * False if the route removes identity: a rule must then name the route, so that no institution is written by
   * accident.
   */
  readonly isIdentified: boolean
}

/** Returns all matching rules, in their order. Without any the instance needs no editing. */
export function normalizationRulesFor(
  rules: readonly NormalizationRule[],
  facts: NormalizationFacts,
): NormalizationRule[] {
  return rules.filter(({ when }) => {
    const route = when?.route
    return (route === undefined ? facts.isIdentified : route === facts.route) && fits(when, facts)
  })
}
