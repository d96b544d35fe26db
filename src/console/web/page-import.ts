import type { FileImport, ImportDesk } from '../../agent/arrival/import/file-import.ts'
import { ImportAccount } from '../../agent/arrival/import/import-account.ts'
import type { ImportSettings } from '../../config/import-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { IMPORT_CALLING_AE_TITLE } from '../../protocol/control-api.ts'
import type { ControlService } from '../../protocol/control-service.ts'
import { BrowserFiles, type Want } from './browser-files.ts'

/** Files in one import of the page; their names and sizes are kept in memory. */
const FILES = 200_000
/** Outcomes of each kind that the page shows; all are counted. */
const LISTED = 100
/** Less than the time that the page's server waits for anything. */
const WAIT_MS = 4000

interface PageImportsOptions {
  readonly service: Pick<ControlService, 'importInstance'>
  readonly limits: ImportSettings
  readonly clock: Clock
  readonly log: Log
}

/** How far the import of the page is. */
interface PageImportState {
  readonly state: 'none' | 'running' | 'done' | 'stopped'
  readonly total: number
  readonly account: ImportAccount
  /** The reason if it was stopped. */
  readonly failure?: Failure
}

interface Running {
  readonly id: string
  readonly files: BrowserFiles
  readonly run: FileImport
  readonly account: ImportAccount
  state: PageImportState['state']
  failure?: Failure
}

/** The import by a page of this agent; one at a time. The files stay in the browser and are asked for piece by piece. */
export class PageImports implements Disposable {
  readonly #options: PageImportsOptions
  #count = 0
  #last: Running | undefined

  constructor(options: PageImportsOptions) {
    this.#options = options
  }

  get state(): PageImportState {
    if (this.#last === undefined) return { state: 'none', total: 0, account: new ImportAccount(0) }
    const { state, run, account, failure } = this.#last
    return { state, total: run.total, account, ...(failure !== undefined && { failure }) }
  }

  /** Begins an import; returns its name. Throws IMPORT_RUNNING while another one runs. */
  async begin(): Promise<string> {
    // Loaded with the first import: an agent that imports nothing needs no memory for it.
    const { FileImport: Import } = await import('../../agent/arrival/import/file-import.ts')
    const { service, limits, clock } = this.#options
    if (this.#last?.state === 'running')
      throw new Failure('IMPORT_RUNNING', 'importing files: another import is running')
    const desk: ImportDesk = {
      take: ({ sopClassUid, sopInstanceUid, transferSyntaxUid }, dataSet) => {
        const request = { sopClassUid, sopInstanceUid, transferSyntaxUid }
        return service.importInstance({ ...request, callingAeTitle: IMPORT_CALLING_AE_TITLE }, dataSet())
      },
    }
    const id = String(++this.#count)
    const run = new Import(desk, limits)
    this.#last = {
      id,
      files: new BrowserFiles(clock),
      run,
      account: new ImportAccount(LISTED),
      state: 'none',
    }
    return id
  }

  /** Adds files to an import that has not started. */
  list(id: string, listed: readonly { readonly path: string; readonly size: number }[]): void {
    const { files, state } = this.#of(id)
    if (state !== 'none' || files.files.length + listed.length > FILES)
      throw new Failure('USAGE', `importing files: at most ${FILES} files, before it starts`)
    for (const file of listed) files.add(file)
  }

  start(id: string): void {
    const running = this.#of(id)
    if (running.state !== 'none') return
    running.state = 'running'
    void this.#run(running)
  }

  /**
   * Takes the bytes of a want, or the reason why they cannot be read, and returns what is wanted next; undefined = ask
   * again. `isOver`: nothing will be wanted any more.
   */
  async give(
    id: string,
    wantId: number,
    given: Buffer | Error,
  ): Promise<{ readonly want: Want | undefined; readonly isOver: boolean }> {
    const running = this.#of(id)
    running.files.supply(wantId, given)
    const want = await running.files.next(WAIT_MS)
    return { want, isOver: want === undefined && running.state !== 'running' }
  }

  [Symbol.dispose](): void {
    this.#last?.files.end(new Failure('INTERRUPTED', 'importing files: the agent is stopping'))
  }

  #of(id: string): Running {
    if (this.#last?.id !== id) throw new Failure('IMPORT_ENDED', 'importing files: this import has ended')
    return this.#last
  }

  async #run(running: Running): Promise<void> {
    const { files, run, account } = running
    const { log } = this.#options
    try {
      for await (const outcome of run.run(files.files)) account.add(outcome)
      running.state = 'done'
    } catch (error) {
      running.failure = failureFrom(error, 'INTERNAL', 'importing files')
      running.state = 'stopped'
      const { code, message } = running.failure
      log.warn('an import of the page ended early', { code, reason: message })
    }
    files.end(new Failure('IMPORT_ENDED', 'importing files: this import has ended'))
    log.info('an import of the page has ended', { ...account.counts })
  }
}
