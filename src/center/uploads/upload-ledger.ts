import type { Need } from '../disk/disk-space.ts'
import type { PackRow } from '../register/register.ts'

/** An upload without an answer: arriving, or whole and waiting to be opened. */
export interface OpenUpload {
  readonly uploadId: string
  readonly agent: string
  readonly bytes: number
  writtenBytes: number
  /** Time of its agent's last question or data for it, on the monotonic clock. */
  lastUseMs: number
}

/**
 * Counts announced and unanswered uploads, for each agent and in all. The register has the rows; this adds the received
 * bytes and the last use, without asking the disk for each upload.
 */
export class UploadLedger {
  readonly #uploads = new Map<string, OpenUpload>()
  readonly #ofAgent = new Map<string, Set<OpenUpload>>()

  add(
    { uploadId, agent, bytes }: Omit<PackRow, 'answer' | 'pack' | 'createdAt'>,
    nowMs: number,
    writtenBytes = 0,
  ): void {
    if (this.#uploads.has(uploadId)) return
    const upload = { uploadId, agent, bytes, writtenBytes, lastUseMs: nowMs }
    this.#uploads.set(uploadId, upload)
    const own = this.#ofAgent.get(agent) ?? new Set()
    this.#ofAgent.set(agent, own.add(upload))
  }

  wrote(uploadId: string, writtenBytes: number, nowMs: number): void {
    const upload = this.#uploads.get(uploadId)
    if (upload !== undefined) upload.writtenBytes = writtenBytes
    this.used(uploadId, nowMs)
  }

  used(uploadId: string, nowMs: number): void {
    const upload = this.#uploads.get(uploadId)
    if (upload !== undefined) upload.lastUseMs = nowMs
  }

  remove(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload === undefined) return
    this.#uploads.delete(uploadId)
    const own = this.#ofAgent.get(upload.agent)
    own?.delete(upload)
    if (own?.size === 0) this.#ofAgent.delete(upload.agent)
  }

  ofAgent(agent: string): ReadonlySet<OpenUpload> {
    return this.#ofAgent.get(agent) ?? new Set()
  }

  all(): Iterable<OpenUpload> {
    return this.#uploads.values()
  }

  lastUseMs(uploadId: string): number | undefined {
    return this.#uploads.get(uploadId)?.lastUseMs
  }
}

/** Returns the bytes that an upload will still put on the disk: the rest of the pack, and its instances. */
export function owedBy({ bytes, writtenBytes }: Pick<OpenUpload, 'bytes' | 'writtenBytes'>): Need {
  return { packs: bytes - writtenBytes, instances: bytes }
}

/** Returns all bytes that an upload takes, written or not. */
export function takenBy({ bytes }: Pick<OpenUpload, 'bytes'>): Need {
  return { packs: bytes, instances: bytes }
}
