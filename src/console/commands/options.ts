import { type Command, InvalidArgumentError, Option } from 'commander'
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
