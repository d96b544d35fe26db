import { execFileSync } from 'node:child_process'

/**
 * Returns the time of a build in seconds since 1970: SOURCE_DATE_EPOCH if it is set, or else the time of the newest commit.
 * The same source gives the same packages (https://reproducible-builds.org/specs/source-date-epoch).
 */
export function buildTime(): number {
  const given = process.env['SOURCE_DATE_EPOCH']
  const text = given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' })
  const seconds = Number(text.trim())
  if (!Number.isInteger(seconds) || seconds <= 0)
    throw new Error(`SOURCE_DATE_EPOCH is ${JSON.stringify(text)}, and seconds since 1970 are expected`)
  return seconds
}
