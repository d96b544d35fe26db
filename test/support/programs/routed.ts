import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'

/** For an agent with two routes, or with the second one alone: 'care' with identity, 'teaching' without. */
export function routesWithAndWithoutIdentity(
  folder: string,
  routes: readonly ('care' | 'teaching')[] = ['care', 'teaching'],
): Partial<AgentSettings> {
  const projectKeyFile = join(folder, 'project.key')
  writeFileSync(projectKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  const profile = {
    name: 'teaching',
    options: new Set(['clean-descriptors'] as const),
    rules: [],
    safePrivate: [],
    pixels: [],
    capAges: false,
    passDocuments: false,
  }
  return {
    deidentification: { projectKeyFile, profiles: [profile] },
    routes: routes.map((name) => ({ name, profile: name === 'care' ? undefined : profile.name })),
  }
}
