import { describe } from '@jest/globals'
import { hasTool } from './run-tool.ts'

/**
 * Declares tests that run only if FERRY_PACKAGES=long is set, by root, with these programs at hand. Otherwise they are skipped
 * under a name that says what is missing.
 */
export function onDemand(name: string, tools: readonly string[], tests: () => void): void {
  const missing = [
    ...(process.env['FERRY_PACKAGES'] === 'long' ? [] : ['FERRY_PACKAGES=long']),
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...tools.filter((tool) => !hasTool(tool)),
  ]
  const group = missing.length === 0 ? describe : describe.skip
  group(missing.length === 0 ? name : `${name} (on demand; needs ${missing.join(', ')})`, tests)
}
