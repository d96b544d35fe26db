import type { Tag } from '../../dicom/tag.ts'
import type { Decision } from './decide-action.ts'
import { fits, type InstanceFacts } from './facts.ts'
import type { DeidRule } from './profile.ts'

/** What the first rule of the clinic's own that fits this element says. */
export function ownRuleFor(
  rules: readonly DeidRule[],
  path: readonly Tag[],
  facts: InstanceFacts,
): (Decision & { value?: string }) | undefined {
  for (const [at, rule] of rules.entries()) {
    if (!fitsPath(rule, path) || !fits(rule.when, facts)) continue
    const name = `own rule ${at + 1}`
    if (rule.action === 'replace') return { action: 'dummy', rule: name, value: rule.value ?? '' }
    if (rule.action === 'replace-uid') return { action: 'uid', rule: name }
    return { action: rule.action, rule: name }
  }
  return undefined
}

function fitsPath({ path: wanted, anywhere }: DeidRule, path: readonly Tag[]): boolean {
  const from = anywhere ? path.length - wanted.length : 0
  if (from < 0 || path.length - from !== wanted.length) return false
  return wanted.every((tag, i) => path[from + i] === tag)
}
