import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCHEMA = fileURLToPath(new URL('audit-message.rng', import.meta.url))

/** Has xmllint read a message by the schema; returns its objections. */
export function schemaObjections(message: string): string {
  const options = { input: message, encoding: 'utf8', stdio: 'pipe' } as const
  try {
    execFileSync('xmllint', ['--noout', '--relaxng', SCHEMA, '-'], options)
    return ''
  } catch (error) {
    return String(error)
  }
}
