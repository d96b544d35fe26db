import { watch } from 'chokidar'
import { describe } from '../../../platform/failure.ts'

/**
 * Wakes the sweep of a local folder when something changes in it. Only folders are watched, so that memory does not grow
 * with the number of files; what changed is found by the sweep. Any error ends it, and the sweep goes on alone.
 */
export class FolderWatcher implements AsyncDisposable {
  readonly #watcher: ReturnType<typeof watch>
  #trouble: string | undefined

  constructor(path: string, wake: () => void) {
    // chokidar would let these override the options.
    delete process.env['CHOKIDAR_USEPOLLING']
    delete process.env['CHOKIDAR_INTERVAL']
    this.#watcher = watch(path, {
      atomic: false,
      followSymlinks: false,
      ignoreInitial: true,
      usePolling: false,
      persistent: true,
      ignored: (_, stats) => stats !== undefined && !stats.isDirectory(),
    })
    // The names of files that are not UTF-8 arrive damaged, and only as raw events.
    this.#watcher.on('raw', wake)
    this.#watcher.on('all', wake)
    this.#watcher.on('error', (error) => this.#failed(error))
  }

  /** The error that has ended it, in words. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#watcher.close()
  }

  #failed(error: unknown): void {
    this.#trouble ??= describe(error)
    void this.#watcher.close()
  }
}
