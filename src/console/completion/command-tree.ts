import type { Command } from 'commander'

/** A command with everything that can follow it, as commander's help shows it. */
export interface CommandTree {
  readonly name: string
  /** All words up to this command: `ferry devices approve`. */
  readonly path: string
  /** As in the help: `[options] <code>`. */
  readonly usage: string
  readonly about: string
  readonly options: readonly CommandOption[]
  readonly commands: readonly CommandTree[]
}

interface CommandOption {
  /** As in the help: `-h, --help`, `--config <file>`. */
  readonly flags: string
  readonly short?: string | undefined
  readonly long?: string | undefined
  readonly about: string
  readonly takesValue: boolean
}

/** Returns what a program understands; hidden commands and options are left out. */
export function commandTree(command: Command, before = ''): CommandTree {
  const help = command.createHelp()
  const path = `${before} ${command.name()}`.trimStart()
  return {
    name: command.name(),
    path,
    usage: command.usage(),
    about: command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      short: option.short,
      long: option.long,
      about: option.description,
      takesValue: option.required || option.optional,
    })),
    // Commander adds a command `help` of its own, which is not among the commands.
    commands: help
      .visibleCommands(command)
      .filter((inner) => command.commands.includes(inner))
      .map((inner) => commandTree(inner, path)),
  }
}

/** Returns a command and all commands below it. */
export function everyCommand(tree: CommandTree): CommandTree[] {
  return [tree, ...tree.commands.flatMap((inner) => everyCommand(inner))]
}
