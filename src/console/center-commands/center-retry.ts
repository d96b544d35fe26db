import type { Command } from 'commander'
import { isFolderLocked } from '../../platform/folder-lock.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { centerSettings } from '../session/config-file.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'

export function addCenterRetry(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('retry')
    .description(say('centerRetry.about'))
    .argument('[uid]', say('study.uid'))
    .addOption(jsonOption(session))
    .action(async (uid: string | undefined, { json }: JsonOption) => {
      const { dataFolder, pacs } = centerSettings(session, configOption(program))
      using desk = await openDesk(session, configOption(program))
      const retried = await desk.retryPacs(uid)
      const isRunning = isFolderLocked(dataFolder)
      if (json) return printJson(session, { retried, isRunning, isPacsConfigured: pacs !== undefined })
      if (pacs === undefined) return terminal.print(say('centerRetry.noPacs'))
      if (retried === 0) return terminal.print(say('centerRetry.nothing'))
      terminal.print(say(isRunning ? 'centerRetry.now' : 'centerRetry.atStart', { count: retried }))
    })
}
