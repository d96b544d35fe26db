import type { Command } from 'commander'
import { allowManyFileOperations } from '../../platform/process/io-threads.ts'
import { configOption } from '../commands/options.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import type { Session } from '../session/session.ts'
import type { Terminal } from '../session/terminal.ts'
import { type BuildProgram, runProgram } from './run-program.ts'

/** The lines that are kept for the Event Log. */
const KEPT_LINES = 50

export interface ServiceProgram {
  /** The key of the Windows service, which is the source of its events too. */
  readonly name: string
  readonly build: BuildProgram
}

/** `service run`: the entry that the Windows service manager starts. It runs `run` until Windows asks for the end. */
export function addService(program: Command, session: Session, { name, build }: ServiceProgram): void {
  const { say, clock, language } = session
  const isWindows = process.platform === 'win32'
  const service = program.command('service', { hidden: !isWindows }).description(say('windowsService.about'))
  service
    .command('run')
    .description(say('windowsService.run'))
    .action(async () => {
      // One thread of the pool belongs to the service manager for good.
      allowManyFileOperations()
      const { runWindowsService } = await import('../../platform/windows/run-windows-service.ts')
      const config = configOption(program)
      const args = ['run', ...(config === undefined ? [] : ['--config', config]), '--lang', language]
      const work = async (ready: () => void, signal: AbortSignal): Promise<ExitCode> => {
        const talk = new KeptTalk(session.terminal)
        const ends = AbortSignal.any([session.signal, signal])
        const surroundings = { terminal: talk.terminal, clock, signal: ends, ready }
        const exitCode = await runProgram(build, args, surroundings)
        // A start that Windows itself breaks off is not a failure.
        if (exitCode === EXIT.ok || ends.aborted) return EXIT.ok
        await tellEventLog(name, say('windowsService.failed', { name, exitCode, reason: talk.text() }))
        return exitCode
      }
      const exitCode = await runWindowsService({ name, clock, work })
      session.conclude(isExitCode(exitCode) ? exitCode : EXIT.failed)
    })
}

const isExitCode = (code: number): code is ExitCode => Object.values<number>(EXIT).includes(code)

/** The exit code, which Windows shows as well, is then all that a person sees. */
async function tellEventLog(source: string, text: string): Promise<void> {
  const { writeEventLogError } = await import('../../platform/windows/event-log.ts')
  await writeEventLogError(source, text).catch(() => false)
}

/** A terminal that keeps the last lines of talk: a service has no screen. */
class KeptTalk {
  readonly terminal: Terminal
  readonly #lines: string[] = []

  constructor(terminal: Terminal) {
    const say = (line: string): void => {
      this.#lines.push(line)
      if (this.#lines.length > KEPT_LINES) this.#lines.shift()
    }
    // The log then goes to files, since Windows collects no output.
    const environment = { ...terminal.environment, FERRY_SERVICE: '1' }
    this.terminal = {
      ...terminal,
      environment,
      print: say,
      say,
      clear: () => {},
      isTerminal: false,
      ask: undefined,
    }
  }

  text(): string {
    return this.#lines.join('\r\n')
  }
}
