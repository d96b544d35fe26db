import type { InstanceFacts } from './instance-facts.ts'
import type { RuleCondition } from './profile.ts'

/** Returns whether a rule of this condition applies to the instance; a rule without a condition applies to each. */
export function fits(
  when: RuleCondition | undefined,
  { source, modality, sopClassUid }: Pick<InstanceFacts, 'source' | 'modality' | 'sopClassUid'>,
): boolean {
  if (when === undefined) return true
  const { device } = when
  if (device !== undefined && device !== source.device && device !== source.callingAeTitle) return false
  if (when.modality !== undefined && when.modality !== modality) return false
  return when.sopClassUid === undefined || when.sopClassUid === sopClassUid
}
