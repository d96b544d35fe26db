import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { writeAll } from '../../platform/durable-file.ts'
import { storageFailure } from '../../platform/failure.ts'
import { bodyPieces, HttpRefusal } from '../http/http-answer.ts'

/** TLS delivers 16 KiB at a time; this many bytes are written at once, while the same number is gathered. */
const BATCH_BYTES = 512 * 1024

export interface UploadPlace {
  readonly handle: FileHandle
  /** Offset in the file of the first byte to keep. */
  readonly offset: number
  /** Number of bytes at the front of the body that the file already has. */
  readonly skip: number
  /** Offset of the upload's end. */
  readonly end: number
  /** Called before bytes are written; its result is disposed of after the write. Throws STORAGE_FULL. */
  takeRoom(bytes: number): Promise<Disposable>
}

/**
 * Writes a request's body to its place, no faster than the disk accepts it. "The Server SHOULD always store as much of
 * the received data as possible": if the line breaks, the bytes received so far are written, and then the error is
 * thrown. Bytes without room for them are not written; bytes written before can be resumed.
 */
export async function receiveBody(
  request: IncomingMessage,
  place: UploadPlace,
  signal: AbortSignal,
): Promise<void> {
  const batches = new BatchWriter(place)
  const room = place.end - place.offset
  const onAbort = (): void => void request.destroy()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  let skip = place.skip
  let taken = 0
  try {
    for await (const piece of bodyPieces(request)) {
      const kept = piece.subarray(skip)
      skip = Math.max(0, skip - piece.length)
      taken += kept.length
      if (taken > room) throw tooLong()
      await batches.push(kept)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await batches.finish()
  }
}

export function tooLong(): HttpRefusal {
  return new HttpRefusal(
    413,
    'PROTOCOL_VIOLATION',
    'receiving a pack: more bytes than Upload-Length announced',
  )
}

/**
 * Gathers pieces in one of two buffers while the other is being written. The pieces of TLS are copied, since held ones
 * would outlive V8's young generation and be freed by full collections only.
 */
class BatchWriter {
  readonly #place: UploadPlace
  #position: number
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES)
  #spare = Buffer.allocUnsafeSlow(BATCH_BYTES)
  #batchBytes = 0
  /** The current write; settles with its error, so that no rejection is unhandled. */
  #writing: Promise<unknown> = Promise.resolve(undefined)

  constructor(place: UploadPlace) {
    this.#place = place
    this.#position = place.offset
  }

  async push(piece: Buffer): Promise<void> {
    for (let from = 0; from < piece.length; ) {
      const copied = piece.copy(this.#batch, this.#batchBytes, from)
      from += copied
      this.#batchBytes += copied
      if (this.#batchBytes === BATCH_BYTES) await this.#startWrite()
    }
  }

  async finish(): Promise<void> {
    if (this.#batchBytes > 0) await this.#startWrite()
    await this.#written()
  }

  /** Waits for the previous write, then starts this one; the buffer of the previous write is filled next. */
  async #startWrite(): Promise<void> {
    await this.#written()
    const room = await this.#place.takeRoom(this.#batchBytes)
    const [bytes, position] = [this.#batch.subarray(0, this.#batchBytes), this.#position]
    this.#position += bytes.length
    this.#batchBytes = 0
    ;[this.#batch, this.#spare] = [this.#spare, this.#batch]
    this.#writing = writeAll(this.#place.handle, [bytes], position)
      .catch((error: unknown) => error)
      .finally(() => room[Symbol.dispose]())
  }

  async #written(): Promise<void> {
    const error = await this.#writing
    if (error !== undefined) throw storageFailure(error, 'writing a pack')
  }
}
