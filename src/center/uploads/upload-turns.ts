interface Holder {
  readonly end: AbortController
  readonly ended: Promise<void>
}

/**
 * One writer per upload. A newcomer ends the previous one and waits until that one has written its bytes: a line that
 * broke unnoticed leaves its request open for minutes, and the agent has long reconnected. Memory is sufficient, since
 * one process holds the folder.
 */
export class UploadTurns {
  readonly #holders = new Map<string, Holder>()

  /** Does the work alone on this upload; its signal is aborted if a newer request wants the upload. */
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
