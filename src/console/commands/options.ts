import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../../config/yaml/quantity.ts'
import { Failure } from '../../platform/failure.ts'
import type { Session } from '../session/session.ts'

/** Options of the program itself. */
interface GlobalOptions {
  readonly config?: string
}

export interface JsonOption {
  readonly json?: true
}

export function configOption(program: Command): string | undefined {
  return program.opts<GlobalOptions>().config
}

export function jsonOption({ say }: Session): Option {
  return new Option('--json', say('option.json'))
}

export function limitOption({ say }: Session): Option {
  return new Option('--limit <n>', say('option.limit')).default(100).argParser(wholeNumber(1, 10_000))
}

/** Parses a whole number in a range; commander reports an error with the name of the option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`${min} … ${max}`)
  }
}

/** Reads a day, a moment, or an age such as 7d. */
export function sinceMs(text: string, { clock }: Session): number {
  const duration = parseDuration(text)
  if (duration !== undefined) return Math.max(0, clock.now() - duration)
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(moment)) throw new Failure('USAGE', `--since ${text}: 7d, 12h, 2026-01-31 …`)
  return moment
}
