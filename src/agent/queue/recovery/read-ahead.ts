import { Worker } from 'node:worker_threads'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Spool, SpoolFile } from '../spool/spool.ts'
import type { ImagePlace } from '../spool/stored-image.ts'
import { slotAt } from './read-ahead-slots.ts'

/** `.ts` or, once built, `.js`. */
const THREAD = new URL(import.meta.url.replace('/read-ahead.', '/read-ahead-thread.'))

export interface FileAhead {
  readonly ulid: Ulid
  /** Undefined if the file could not be read in advance: the caller then reads it and gets the reason. */
  readonly file?: SpoolFile | undefined
}

/**
 * Reads spool files in batches, each while the caller processes the previous one: opening a hundred thousand files
 * takes as long as adding them to the index. In the order of `ulids`. A failing thread only makes it slower.
 */
export async function* readAhead(
  spool: Spool,
  ulids: readonly Ulid[],
  batch: number,
  module = THREAD,
): AsyncGenerator<FileAhead[]> {
  using thread = new ReadingThread(module)
  const batches = Array.from({ length: Math.ceil(ulids.length / batch) }, (_, i) =>
    ulids.slice(i * batch, (i + 1) * batch),
  )
  const ask = (some: readonly Ulid[] = []) => thread.read(some.map((ulid) => spool.placeOf(ulid)))
  let coming = ask(batches[0])
  for (const [i, some] of batches.entries()) {
    const slots = await coming
    coming = ask(batches[i + 1])
    yield some.map((ulid, at) => {
      const slot = slots && slotAt(slots, at)
      return { ulid, file: slot && spool.parseEasily(ulid, slot) }
    })
  }
}

class ReadingThread implements Disposable {
  readonly #worker: Worker
  #answer: (slots: Uint8Array<ArrayBuffer> | undefined) => void = () => {}
  #isGone = false

  constructor(module: URL) {
    this.#worker = new Worker(module)
    this.#worker.on('message', (slots: Uint8Array<ArrayBuffer>) => this.#answer(slots))
    const gone = (): void => {
      this.#isGone = true
      this.#answer(undefined)
    }
    this.#worker.on('error', gone)
    this.#worker.on('exit', gone)
  }

  /** Reads one batch of files. Resolves to undefined if the thread has ended. */
  read(places: readonly ImagePlace[]): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#isGone || places.length === 0) return Promise.resolve(undefined)
    const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer> | undefined>()
    this.#answer = resolve
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(places)
    return promise
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate()
  }
}
