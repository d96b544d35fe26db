import type { Command } from 'commander'
import type { Session } from '../session/session.ts'
import { unknownCommand } from './usage-fault.ts'

/** `ferry help devices approve` prints the same as `ferry devices approve --help`. */
export function addHelp(program: Command, { say }: Session): void {
  program
    .command('help')
    .description(say('help.about'))
    .argument('[command...]', say('help.command'))
    .action((words: readonly string[]) => {
      let command = program
      for (const word of words) {
        const inner = command.commands.find((one) => one.name() === word)
        if (inner === undefined) throw unknownCommand(command, word, say)
        command = inner
      }
      command.outputHelp()
    })
}
