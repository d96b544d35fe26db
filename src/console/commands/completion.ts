import { Argument, type Command } from 'commander'
import { commandTree } from '../completion/command-tree.ts'
import { completionScript, SHELLS, type Shell } from '../completion/completion-script.ts'
import type { Session } from '../session/session.ts'

export function addCompletion(program: Command, { say, terminal }: Session): void {
  program
    .command('completion')
    .description(say('completion.about'))
    .addArgument(new Argument('<shell>', say('completion.shell')).choices(SHELLS))
    .action((shell: Shell) => terminal.print(completionScript(shell, commandTree(program)).trimEnd()))
}
