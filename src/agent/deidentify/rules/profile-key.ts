import { remembering } from '../../../dicom/vocabulary/remembering.ts'
import type { DeidProfile } from '../element/profile.ts'
import type { ProjectKey } from './project-key.ts'

/**
 * Returns the key with which a profile replaces identity: one for each key group, so that the copies of two projects
 * cannot be linked unless the configuration says so. Returns the same object for the same group.
 */
export function keyOf(
  { name, keyGroup }: Pick<DeidProfile, 'name' | 'keyGroup'>,
  key: ProjectKey,
): ProjectKey {
  return GROUPS(key)(keyGroup ?? name)
}

const GROUPS = remembering(8, (key: ProjectKey) => remembering(1000, (group: string) => key.ofGroup(group)))
