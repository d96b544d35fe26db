import { type Argument, Command, InvalidArgumentError, type Option } from 'commander'
import type { Say } from '../language/language.ts'
import {
  conflictingOptions,
  excessArguments,
  missingArgument,
  missingOption,
  optionWithoutValue,
  refusedValue,
  unknownCommand,
  unknownOption,
} from './usage-fault.ts'

/**
 * A command whose usage errors are Failures (USAGE) in the reader's language. The methods without `override` are those
 * by which commander reports each error, and its types do not list them; a test compares them with its error codes.
 */
export class SpokenCommand extends Command {
  readonly #say: Say

  constructor(name: string, say: Say) {
    super(name)
    this.#say = say
  }

  /** Commands below this one speak the same language. */
  override createCommand(name = ''): SpokenCommand {
    return new SpokenCommand(name, this.#say)
  }

  unknownCommand(): never {
    throw unknownCommand(this, this.args[0] ?? '', this.#say)
  }

  unknownOption(flag: string): never {
    this.#checkForCommand()
    throw unknownOption(this, flag, this.#say)
  }

  missingArgument(name: string): never {
    throw missingArgument(this, name, this.#say)
  }

  _excessArguments(words: readonly string[]): never {
    this.#checkForCommand()
    throw excessArguments(this, words, this.#say)
  }

  optionMissingArgument(option: Option): never {
    throw optionWithoutValue(option, this.#say)
  }

  missingMandatoryOptionValue(option: Option): never {
    throw missingOption(this, option, this.#say)
  }

  _conflictingOption(option: Option, other: Option): never {
    throw conflictingOptions(option, other, this.#say)
  }

  _callParseArg(target: Option | Argument, value: string, before: unknown): unknown {
    try {
      return target.parseArg?.(value, before)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      throw refusedValue(target, value, error.message, this.#say)
    }
  }

  /** The first word after `ferry devices` can only be a command: a mistyped one is not an argument too many. */
  #checkForCommand(): void {
    const [word] = this.args
    const takesCommand = this.commands.length > 0 && this.registeredArguments.length === 0
    if (takesCommand && word !== undefined && !word.startsWith('-')) this.unknownCommand()
  }
}
