import type { Command } from 'commander'
import type { DoctorFinding } from '../doctor/checks/exam.ts'
import { doctorText } from '../doctor/doctor-text.ts'
import { examineAgent } from '../doctor/examine-agent.ts'
import { EXIT } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface AgentDoctorOptions extends JsonOption {
  readonly echo?: true
}

export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description(session.say('doctor.about'))
    .option('--echo', session.say('doctor.echo'))
    .addOption(jsonOption(session))
    .action(async ({ echo, json }: AgentDoctorOptions) => {
      const options = { config: configOption(program), isEchoWanted: echo === true }
      tellFindings(session, await examineAgent(session, options), json === true)
    })
}

/** Prints the findings; 13 if one of them needs a person. */
export function tellFindings(session: Session, findings: readonly DoctorFinding[], isJson: boolean): void {
  const { terminal, say } = session
  const isHealthy = findings.every(({ level }) => level !== 'bad')
  session.conclude(isHealthy ? EXIT.ok : EXIT.unhealthy)
  if (isJson) return printJson(session, { isHealthy, findings })
  for (const line of doctorText(findings, say, terminal.paint)) terminal.print(line)
}
