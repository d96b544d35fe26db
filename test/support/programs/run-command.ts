import { ferryProgram } from '../../../src/console/program/ferry-program.ts'
import { type BuildProgram, runProgram } from '../../../src/console/program/run-program.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'

export interface CommandResult {
  readonly exitCode: number
  /** Standard output: data. */
  readonly out: string
  /** Standard error: talk. */
  readonly err: string
}

/** Runs a command line in `folder` as in a terminal without colours. */
export async function runCommand(
  folder: string,
  args: readonly string[],
  {
    program = ferryProgram,
    environment = { FERRY_LANG: 'en' },
    signal = new AbortController().signal,
    isTerminal = false,
    clock = systemClock,
    printed = () => {},
    ask,
  }: {
    program?: BuildProgram
    environment?: Record<string, string>
    signal?: AbortSignal
    isTerminal?: boolean
    clock?: Clock
    /** Called after each line of standard output. */
    printed?: (line: string) => void
    /** A person at the keyboard. */
    ask?: (question: string) => Promise<string>
  } = {},
): Promise<CommandResult> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = {
    print: (line: string) => {
      out.push(`${line}\n`)
      printed(line)
    },
    say: (line: string) => void err.push(`${line}\n`),
    clear: () => {},
    isTerminal,
    ask,
    paint: (_: string, text: string) => text,
    environment,
    folder,
  }
  const exitCode = await runProgram(program, args, { terminal, clock, signal })
  return { exitCode, out: out.join(''), err: err.join('') }
}
