import type { Clock } from '../../platform/clock.ts'
import type { RightsOfRoot, UserIds } from '../../platform/process/become-user.ts'
import { CONTROL_SCHEMA_VERSION } from '../../protocol/control-api.ts'
import type { CauseWords } from '../language/cause-text.ts'
import type { Language, Say } from '../language/language.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** One run of a program: what its commands work with. */
export interface Session {
  readonly terminal: Terminal
  readonly language: Language
  readonly say: Say
  /** Puts the cause of a failure into words of this language. */
  readonly causes: CauseWords
  readonly clock: Clock
  /** Aborted when the person or the service manager wants an end. */
  readonly signal: AbortSignal
  /** Ends the rights of root; undefined if the process is not this command's alone. */
  readonly becomeUser?: ((user: UserIds, rights: RightsOfRoot) => void) | undefined
  /** Called when the service takes instances: a service manager waits for it. */
  readonly ready?: (() => void) | undefined
  /** Sets what the shell is told. */
  conclude(code: ExitCode): void
}

/** One JSON document on one line of standard output. */
export function printJson({ terminal }: Session, content: object): void {
  terminal.print(JSON.stringify({ schemaVersion: CONTROL_SCHEMA_VERSION, ...content }))
}

/** Resolves when an end is wanted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
