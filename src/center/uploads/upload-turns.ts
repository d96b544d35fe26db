interface Holder {
  readonly end: AbortController
  readonly ended: Promise<void>
}

/**
 * One writer per upload. A newcomer ends the one before it and waits until that one has written down what it had: a line
 * that broke without a word leaves its request open for minutes, and the agent is long back. In memory is enough, since
 * one process holds the folder.
 */
export class UploadTurns {
  readonly #holders = new Map<string, Holder>()

  /** Does the work alone on this upload; its signal is aborted when a newer request wants the upload. */
  async during<Result>(uploadId: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let holder = this.#holders.get(uploadId); holder; holder = this.#holders.get(uploadId)) {
      holder.end.abort()
      await holder.ended
    }
    const end = new AbortController()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    this.#holders.set(uploadId, { end, ended })
    try {
      return await work(end.signal)
    } finally {
      this.#holders.delete(uploadId)
      resolve()
    }
  }
}
