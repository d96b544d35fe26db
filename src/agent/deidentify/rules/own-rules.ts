import { type ElementPath, fitsPath } from '../../../dicom/edit/element-path.ts'
import { fits, type InstanceFacts } from '../element/facts.ts'
import type { DeidRule } from '../element/profile.ts'
import type { Decision, DeidAction } from './decide-action.ts'

/** Returns the action of the clinic's first own rule that fits this element. */
export function ownRuleFor(
  rules: readonly DeidRule[],
  path: ElementPath,
  holdsItems: boolean,
  facts: InstanceFacts,
): (Decision & { value?: string }) | undefined {
  for (const [at, rule] of rules.entries()) {
    if (!fitsPath(rule, path) || !fits(rule.when, facts)) continue
    const action = holdsItems ? ofSequence(rule) : ofValue(rule)
    const value = action === 'dummy' ? { value: rule.value ?? '' } : {}
    return { action, rule: `own rule ${at + 1}`, ...value }
  }
  return undefined
}

function ofValue({ action }: DeidRule): DeidAction {
  if (action === 'replace') return 'dummy'
  return action === 'replace-uid' ? 'uid' : action
}

/** A sequence has no value of its own: what was meant for one is done to none of its content, so that goes. */
function ofSequence({ action }: DeidRule): DeidAction {
  if (action === 'scrub') return 'clean-items'
  return action === 'keep' || action === 'empty' ? action : 'remove'
}
