import type { Command } from 'commander'
import { tellFindings } from '../commands/doctor.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { examineCenterProgram } from '../doctor/examine-center.ts'
import type { Session } from '../session/session.ts'

export function addCenterDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description(session.say('centerDoctor.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      tellFindings(session, await examineCenterProgram(session, configOption(program)), json === true)
    })
}
