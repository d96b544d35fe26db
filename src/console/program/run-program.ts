import { type Command, CommanderError } from 'commander'
import type { Clock } from '../../platform/clock.ts'
import { explainAccess } from '../../platform/explain-access.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import { CONTROL_SCHEMA_VERSION } from '../../protocol/control-api.ts'
import { causesIn } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import { chooseLanguage, speak } from '../language/language.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../session/exit-codes.ts'
import type { Session } from '../session/session.ts'
import type { Terminal } from '../session/terminal.ts'
import { pasteableTerminal } from './pasteable-terminal.ts'

/** The program with the commands that these arguments may mean. */
export type BuildProgram = (session: Session, args: readonly string[]) => Command | Promise<Command>

interface Surroundings {
  readonly terminal: Terminal
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly becomeUser?: Session['becomeUser']
  readonly ready?: Session['ready']
}

/** Runs one command line to its end. Never throws: failures are reported on standard error. */
export async function runProgram(
  build: BuildProgram,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const language = chooseLanguage(args, surroundings.terminal.environment)
  let name = ''
  const session: Session = {
    ...surroundings,
    terminal: pasteableTerminal(surroundings.terminal, args, () => name),
    language,
    say: speak(language),
    causes: causesIn(language, { verbose: args.includes('--verbose') }),
    conclude: (code) => {
      exitCode = code
    },
  }
  try {
    const program = await build(session, args)
    name = program.name()
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (session.signal.aborted) return EXIT.interrupted
    const failure = explainAccess(failureFrom(error, 'INTERNAL', 'running the command'))
    report(session, failure, args.includes('--json'))
    return exitCodeOf(failure.code)
  }
}

/** Reports a failure and its cure: for people, or as JSON for the program that asked for JSON. */
function report({ terminal, language, causes }: Session, { code, message }: Failure, asJson: boolean): void {
  const words = wordsOfFailure(code, language)
  if (asJson) {
    const error = { code, message, meaning: words?.meaning, todo: words?.todo }
    terminal.say(JSON.stringify({ schemaVersion: CONTROL_SCHEMA_VERSION, error }))
    return
  }
  terminal.say(`${words?.meaning ?? code} (${code})`)
  for (const line of causes(message).split('\n')) terminal.say(`  ${line}`)
  terminal.say(`→ ${words?.todo ?? ''}`)
}
