import type { Argument, Command, Option } from 'commander'
import { nearestWord } from '../../config/yaml/nearest-word.ts'
import { Failure } from '../../platform/failure.ts'
import type { Say } from '../language/language.ts'
import { printable } from '../views/text-table.ts'
import { fullUsage } from './help-words.ts'

/** The command has no command of this name. */
export function unknownCommand(command: Command, word: string, say: Say): Failure {
  const known = command.createHelp().visibleCommands(command)
  const nearest = nearestWord(
    word,
    known.map((inner) => inner.name()),
  )
  const values = { path: pathOf(command), word: printable(word) }
  return nearest === undefined
    ? fault(say('usage.unknownCommand', values))
    : fault(say('usage.nearCommand', { ...values, nearest }))
}

/** Neither the command nor those above it have this option. */
export function unknownOption(command: Command, word: string, say: Say): Failure {
  const name = word.split('=')[0] ?? word
  const nearest = nearestWord(name, longOptions(command))
  const values = { path: pathOf(command), word: printable(name) }
  return nearest === undefined
    ? fault(say('usage.unknownOption', values))
    : fault(say('usage.nearOption', { ...values, nearest }))
}

export function missingArgument(command: Command, name: string, say: Say): Failure {
  return fault(say('usage.missingArgument', { path: pathOf(command), name, usage: fullUsage(command, say) }))
}

export function excessArguments(command: Command, words: readonly string[], say: Say): Failure {
  const expected = command.registeredArguments.length
  const values = { path: pathOf(command), words: printable(words.join(' ')), usage: fullUsage(command, say) }
  return expected === 0
    ? fault(say('usage.noArguments', values))
    : fault(say('usage.excessArguments', { ...values, expected, found: words.length }))
}

export function optionWithoutValue({ flags }: Option, say: Say): Failure {
  return fault(say('usage.optionWithoutValue', { flags }))
}

export function missingOption(command: Command, { flags, long }: Option, say: Say): Failure {
  return fault(say('usage.missingOption', { path: pathOf(command), option: long ?? flags, flags }))
}

export function conflictingOptions(one: Option, other: Option, say: Say): Failure {
  return fault(say('usage.conflictingOptions', { one: one.flags, other: other.flags }))
}

/** The parser of an option or argument refused this value; `expected` is its message unless there is a list of choices. */
export function refusedValue(target: Option | Argument, value: string, expected: string, say: Say): Failure {
  const choices = target.argChoices ?? []
  const nearest = nearestWord(value, choices)
  const values = {
    place: 'flags' in target ? target.flags : `<${target.name()}>`,
    value: printable(value),
    expected: choices.length > 0 ? choices.join(say('help.comma')) : expected,
  }
  return nearest === undefined
    ? fault(say('usage.refusedValue', values))
    : fault(say('usage.nearValue', { ...values, nearest }))
}

const fault = (text: string): Failure => new Failure('USAGE', text)

function longOptions(command: Command | null): string[] {
  if (command === null) return []
  const own = command.createHelp().visibleOptions(command)
  return [...own.flatMap(({ long }) => long ?? []), ...longOptions(command.parent)]
}

/** All words up to a command: `ferry devices approve`. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}
