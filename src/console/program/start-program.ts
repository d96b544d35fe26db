import { systemClock } from '../../platform/clock.ts'
import { becomeUser } from '../../platform/process/become-user.ts'
import { leaveMemoryOutOfCoreDumps } from '../../platform/process/core-dumps.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { systemTerminal } from '../session/terminal.ts'
import { type BuildProgram, runProgram } from './run-program.ts'

/** Windows has no SIGTERM; it sends SIGBREAK for Ctrl-Break and SIGHUP when the window is closed, and kills 10 s after that. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', ...(process.platform === 'win32' ? ['SIGBREAK', 'SIGHUP'] : [])]

/** Runs this process's command line. The first SIGINT or SIGTERM asks for a graceful end, a second one forces it. */
export function startProgram(build: BuildProgram): void {
  // Files of this process belong to its user alone; a file for others gets its mode explicitly.
  process.umask(0o077)
  leaveMemoryOutOfCoreDumps()
  const end = new AbortController()
  for (const name of END_SIGNALS) {
    process.on(name, () => {
      if (end.signal.aborted) process.exit(EXIT.interrupted)
      end.abort(new Error(`stopped by ${name}`))
    })
  }
  // `ferry queue | head` closes the pipe early; that is not a fault.
  process.stdout.on('error', () => {})
  const surroundings = { terminal: systemTerminal(), clock: systemClock, signal: end.signal, becomeUser }
  void conclude(runProgram(build, process.argv.slice(2), surroundings))
}

/** The process then ends by itself, once all output is written. */
async function conclude(running: Promise<ExitCode>): Promise<void> {
  process.exitCode = await running
}
