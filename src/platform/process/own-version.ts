import { readFileSync } from 'node:fs'

/** Returns the version in package.json, which is next to both src and dist; `unknown` if it cannot be read. */
export function ownVersion(): string {
  try {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
    return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
