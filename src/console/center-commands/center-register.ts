import type { Command } from 'commander'
import { makeNewRegister } from '../../center/operate/new-register.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { centerAudit } from '../session/center-audit.ts'
import { CENTER_FILE, findConfig } from '../session/config-file.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'

export function addCenterRegister(program: Command, session: Session): void {
  const { say, terminal, clock, language } = session
  const register = program.command('register').description(say('centerRegister.about'))
  register
    .command('new')
    .description(say('centerRegister.new'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      const file = findConfig(session, configOption(program), CENTER_FILE)
      const { dataFolder } = loadCenterSettings(file, language)
      await makeNewRegister(dataFolder, clock.now(), file)
      using audit = await centerAudit(dataFolder, clock)
      audit.record({ action: 'registerMade', user: osUser(terminal) })
      if (json) printJson(session, { dataFolder })
      else terminal.print(say('centerRegister.made', { folder: dataFolder }))
    })
}
