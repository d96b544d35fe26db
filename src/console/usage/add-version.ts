import type { Command } from 'commander'
import { ownVersion } from '../../platform/process/own-version.ts'
import type { Session } from '../session/session.ts'

/** `ferry version` prints the same as `ferry --version`. */
export function addVersion(program: Command, { say, terminal }: Session): void {
  program
    .command('version')
    .description(say('option.version'))
    .action(() => terminal.print(ownVersion()))
}
