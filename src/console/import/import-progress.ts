import type { FileImport } from '../../agent/arrival/import/file-import.ts'
import type { ImportAccount } from '../../agent/arrival/import/import-account.ts'
import type { Session } from '../session/session.ts'

const REDRAW_MS = 200
const LINE_MS = 10_000

/** Shows how far an import is: in place on a screen, and else by a line every ten seconds. */
export class ImportProgress {
  readonly #session: Session
  #shownAtMs: number

  constructor(session: Session) {
    this.#session = session
    this.#shownAtMs = session.clock.monotonicMs()
  }

  tell({ total }: Pick<FileImport, 'total'>, { files, safe }: ImportAccount): void {
    const { terminal, say, clock } = this.#session
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#shownAtMs < (terminal.showProgress === undefined ? LINE_MS : REDRAW_MS)) return
    this.#shownAtMs = nowMs
    const line = say('import.progress', { done: files, total, safe })
    if (terminal.showProgress === undefined) terminal.say(line)
    else terminal.showProgress(line)
  }

  end(): void {
    this.#session.terminal.showProgress?.('')
  }
}
