import { type Argument, type Command, Help, type HelpConfiguration, type Option } from 'commander'
import type { Phrase } from '../language/en/phrases-en.ts'
import type { Say } from '../language/language.ts'

/** The parts of a help text that commander has in English. */
export function helpWords(say: Say): HelpConfiguration {
  const standard = new Help()
  return {
    styleTitle: (title) => translateTitle(title, say),
    commandUsage: (command) => fullUsage(command, say),
    subcommandTerm: (command) => withPlaceholders(standard.subcommandTerm(command), say),
    optionDescription: (option) => described(option, option.required || option.optional, say),
    argumentDescription: (argument) => described(argument, true, say),
  }
}

/** Returns the form of a command: `ferry join [options] <code>`. */
export function fullUsage(command: Command, say: Say): string {
  return withPlaceholders(new Help().commandUsage(command), say)
}

function withPlaceholders(text: string, say: Say): string {
  return text.replace('[options]', say('help.[options]')).replace('[command]', say('help.[command]'))
}

/** Commander has its titles in English. */
function translateTitle(title: string, say: Say): string {
  const phrase = TITLES.find((known) => known === `help.${title}`)
  return phrase === undefined ? title : say(phrase)
}

const TITLES = [
  'help.Usage:',
  'help.Arguments:',
  'help.Options:',
  'help.Commands:',
] as const satisfies Phrase[]

/** Returns a description with the possible values and the one that is used if none is given. */
function described(
  { description, argChoices, defaultValue, defaultValueDescription }: Option | Argument,
  takesValue: boolean,
  say: Say,
): string {
  const value = defaultValueDescription ?? String(defaultValue ?? '')
  return [
    description,
    ...(argChoices === undefined
      ? []
      : [say('help.choices', { choices: argChoices.join(say('help.comma')) })]),
    ...(takesValue && value !== '' ? [say('help.default', { value })] : []),
  ].join(say('help.join'))
}
