import { existsSync } from 'node:fs'
import { Failure } from '../../platform/failure.ts'
import type { Say } from '../language/language.ts'

/** A configuration that is there was paid for with someone's evening. */
export function refuseToOverwrite(path: string, say: Say): void {
  if (existsSync(path)) throw new Failure('USAGE', say('init.exists', { path }))
}
