import type { Command } from 'commander'
import { Failure } from '../../platform/failure.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'

interface ReleaseOptions extends JsonOption {
  readonly instance?: string
}

export function addCenterRelease(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('release')
    .description(say('centerRelease.about'))
    .argument('[study]', say('study.uid'))
    .option('--instance <uid>', say('centerRelease.instance'))
    .addOption(jsonOption(session))
    .action(
      async (studyInstanceUid: string | undefined, { instance: sopInstanceUid, json }: ReleaseOptions) => {
        if ((studyInstanceUid === undefined) === (sopInstanceUid === undefined))
          throw new Failure('USAGE', say('centerRelease.which'))
        using desk = await openDesk(session, configOption(program))
        const what =
          studyInstanceUid === undefined ? { sopInstanceUid: sopInstanceUid ?? '' } : { studyInstanceUid }
        const released = await desk.release(what, osUser(terminal))
        if (released === 0) throw new Failure('NOT_HELD', say('centerRelease.unknown'))
        if (json) return printJson(session, { released })
        terminal.print(say('centerRelease.done', { count: released }))
      },
    )
}
