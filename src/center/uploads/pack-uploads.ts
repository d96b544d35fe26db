import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import { CENTER_PATHS } from '../../protocol/center-api.ts'
import { newUlid } from '../../protocol/ulid.ts'
import type { DiskSpace } from '../disk/disk-space.ts'
import { HttpRefusal, sendEmpty } from '../http/http-answer.ts'
import {
  checkTusVersion,
  integerHeader,
  isOffsetStream,
  packOf,
  TUS_EXTENSIONS,
  TUS_VERSION,
} from '../http/tus-headers.ts'
import type { PackWorker } from '../opening/pack-worker.ts'
import type { RecordBudget } from '../receipts/record-budget.ts'
import type { Agent, PackRow, Register } from '../register/register.ts'
import type { PackStore } from '../store/pack-store.ts'
import { admitUpload } from './upload-admission.ts'
import { receiveBody, tooLong, type UploadPlace } from './upload-body.ts'
import type { UploadLedger } from './upload-ledger.ts'
import type { UploadLimits } from './upload-limits.ts'
import { UploadTurns } from './upload-turns.ts'

interface PackUploadsOptions {
  readonly register: Register
  readonly packs: PackStore
  readonly worker: PackWorker
  readonly space: DiskSpace
  readonly ledger: UploadLedger
  readonly budget: RecordBudget
  readonly clock: Clock
  readonly limits: UploadLimits
}

/** The register's row of an announcement and of its answer. */
const ROW_BYTES = 1024

/** An upload with a request within this time is in use, regardless of its age by a clock that jumps. */
const IN_USE_MS = 3600 * 1000

/**
 * Packs arrive by tus 1.0: core, creation, creation-with-upload, expiration, termination. An upload belongs to the agent
 * that created it; for all others it does not exist. The quoted sentences are the protocol's.
 */
export class PackUploads {
  readonly #options: PackUploadsOptions
  readonly #turns = new UploadTurns()
  readonly #startedMs: number

  constructor(options: PackUploadsOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
  }

  /** "A successful response […] MUST contain the Tus-Version header." */
  options(response: ServerResponse): void {
    sendEmpty(response, 204, {
      'Tus-Version': TUS_VERSION,
      'Tus-Extension': TUS_EXTENSIONS,
      'Tus-Max-Size': this.#options.limits.packBytes,
    })
  }

  /**
   * A pack that the agent has announced before is the same upload, so that a lost answer creates nothing twice. Bytes
   * of an accompanying body that have already arrived are skipped: the same pack is the same bytes.
   */
  async create(request: IncomingMessage, response: ServerResponse, agent: Agent): Promise<void> {
    checkTusVersion(request, response)
    const bytes = this.#lengthOf(request)
    const pack = packOf(request)
    const known = await this.#options.register.packs.announced(agent.kid, pack)
    const row = known ?? (await this.#admit(agent, pack, bytes))
    if (row.bytes !== bytes) {
      throw new HttpRefusal(
        409,
        'PACK_INVALID',
        `creating an upload: this pack was announced with ${row.bytes} bytes`,
      )
    }
    this.#use(row.uploadId)
    const headers = {
      Location: `${CENTER_PATHS.packs}/${row.uploadId}`,
      'Upload-Expires': this.#expires(row),
    }
    // "The Server MUST include the Upload-Offset header in the response" to a creation with upload.
    if (isOffsetStream(request)) {
      const offset = await this.#receive(request, row, () => 0)
      return sendEmpty(response, 201, { ...headers, 'Upload-Offset': offset })
    }
    sendEmpty(response, 201, headers)
  }

  /** "The Server MUST always include the Upload-Offset header […] even if the offset is 0", and prevent caching. */
  async head(
    request: IncomingMessage,
    response: ServerResponse,
    agent: Agent,
    uploadId: string,
  ): Promise<void> {
    checkTusVersion(request, response)
    const row = await this.own(agent, uploadId)
    // An agent that asks has lost the connection that may still seem open here.
    const offset = await this.#turns.during(uploadId, () => this.offset(row))
    sendEmpty(response, 200, {
      'Upload-Offset': offset,
      'Upload-Length': row.bytes,
      'Upload-Expires': this.#expires(row),
      'Cache-Control': 'no-store',
    })
  }

  /** "The Server MUST acknowledge successful PATCH requests with the 204 […] and MUST include the Upload-Offset header." */
  async patch(
    request: IncomingMessage,
    response: ServerResponse,
    agent: Agent,
    uploadId: string,
  ): Promise<void> {
    checkTusVersion(request, response)
    if (!isOffsetStream(request)) {
      throw new HttpRefusal(415, 'PROTOCOL_VIOLATION', 'receiving a pack: the body is not an offset stream')
    }
    const from = integerHeader(request, 'Upload-Offset')
    const row = await this.own(agent, uploadId)
    const offset = await this.#receive(request, row, (here) => {
      // "If the offsets do not match, the Server MUST respond with the 409 Conflict status without modifying" anything.
      if (from !== here)
        throw new HttpRefusal(409, 'PROTOCOL_VIOLATION', `receiving a pack: ${here} bytes are here`)
      return from
    })
    sendEmpty(response, 204, { 'Upload-Offset': offset, 'Upload-Expires': this.#expires(row) })
  }

  /** "The Server SHOULD free associated resources", and "MUST respond with the 204 No Content status". */
  async terminate(
    request: IncomingMessage,
    response: ServerResponse,
    agent: Agent,
    uploadId: string,
  ): Promise<void> {
    checkTusVersion(request, response)
    const row = await this.own(agent, uploadId)
    await this.#turns.during(uploadId, async () => {
      if (row.answer === null && (await this.offset(row)) === row.bytes) {
        throw new HttpRefusal(409, 'PROTOCOL_VIOLATION', 'ending an upload: it is whole and being opened')
      }
      await this.#remove(row)
    })
    sendEmpty(response, 204, {})
  }

  /** Throws 404 for an upload that is not this agent's. */
  async own(agent: Agent, uploadId: string): Promise<PackRow> {
    const row = await this.#options.register.packs.find(uploadId)
    if (row === undefined || row.agent !== agent.kid) {
      throw new HttpRefusal(
        404,
        'PROTOCOL_VIOLATION',
        'looking for an upload: there is none of this name: create it',
      )
    }
    this.#use(uploadId)
    return row
  }

  /** Returns the number of bytes that are here; all of them for a pack that is answered, whose file is gone. */
  async offset({ uploadId, answer, bytes }: PackRow): Promise<number> {
    if (answer !== null) return bytes
    const { packs, register } = this.#options
    const here = await packs.size(uploadId)
    if (here === bytes) return here
    // It may have been answered, and its file removed, since the row was read.
    const now = await register.packs.find(uploadId)
    return (now?.answer ?? null) === null ? here : bytes
  }

  /**
   * Called at start: whole packs without an answer go to the worker; files that no unanswered row names are removed.
   */
  async recover(): Promise<void> {
    const { register, packs, worker, ledger } = this.#options
    const unanswered = await register.packs.unanswered()
    const expected = new Set(unanswered.map((row) => row.uploadId))
    for (const file of await packs.list()) if (!expected.has(file)) await packs.remove(file)
    for (const row of unanswered) {
      const offset = await this.offset(row)
      ledger.add(row, this.#startedMs, offset)
      if (offset !== row.bytes) continue
      await using handle = await packs.openToWrite(row.uploadId)
      await packs.sync(row.uploadId, handle)
      worker.add(row.uploadId, row.agent)
    }
  }

  /**
   * Deletes expired uploads that never became whole, and expired answers. If a jump of the clock makes an upload look
   * old whose agent is away, that agent sends its pack again, and nothing is stored twice.
   */
  async sweep(): Promise<void> {
    const { register, clock, limits } = this.#options
    for (const row of await register.packs.createdBefore(clock.now() - limits.lifeMs)) {
      if (this.#isInUse(row.uploadId)) continue
      await this.#turns.during(row.uploadId, async () => {
        if (row.answer !== null || (await this.offset(row)) < row.bytes) await this.#remove(row)
      })
    }
  }

  #isInUse(uploadId: string): boolean {
    const lastUseMs = this.#options.ledger.lastUseMs(uploadId) ?? this.#startedMs
    return this.#options.clock.monotonicMs() - lastUseMs < IN_USE_MS
  }

  /** Writes a body whose first byte is `startOf(offset)` in the upload; resolves to the new offset. */
  async #receive(
    request: IncomingMessage,
    announced: PackRow,
    startOf: (offset: number) => number,
  ): Promise<number> {
    return this.#turns.during(announced.uploadId, async (signal) => {
      // Waiting for the turn may have taken a long time.
      const row = (await this.#options.register.packs.find(announced.uploadId)) ?? announced
      const offset = await this.offset(row)
      const start = startOf(offset)
      if (start + Number(request.headers['content-length'] ?? 0) > row.bytes) throw tooLong()
      if (offset === row.bytes) return offset
      return this.#write(request, row, { offset, skip: offset - start, end: row.bytes }, signal)
    })
  }

  async #write(
    request: IncomingMessage,
    { uploadId, agent, bytes }: PackRow,
    place: Omit<UploadPlace, 'handle' | 'takeRoom'>,
    signal: AbortSignal,
  ): Promise<number> {
    const { packs, worker, space, ledger, clock } = this.#options
    await using handle = await packs.openToWrite(uploadId)
    let here = place.offset
    const takeRoom = async (more: number): Promise<Disposable> => {
      const room = await space.take({ packs: more }, 'receiving a pack')
      here += more
      ledger.wrote(uploadId, here, clock.monotonicMs())
      return room
    }
    await receiveBody(request, { ...place, handle, takeRoom }, signal)
    const reached = await packs.size(uploadId)
    if (reached === bytes) {
      await packs.sync(uploadId, handle)
      worker.add(uploadId, agent)
    }
    return reached
  }

  /** "If the length of the upload exceeds the maximum […] the Server MUST respond with the 413." */
  #lengthOf(request: IncomingMessage): number {
    const bytes = integerHeader(request, 'Upload-Length')
    if (bytes === 0)
      throw new HttpRefusal(400, 'PROTOCOL_VIOLATION', 'creating an upload: a pack is not empty')
    const limit = this.#options.limits.packBytes
    if (bytes > limit) {
      throw new HttpRefusal(413, 'INSTANCE_TOO_LARGE', `creating an upload: ${bytes} bytes, at most ${limit}`)
    }
    return bytes
  }

  /** Throws CENTER_BUSY or STORAGE_FULL if the agent must wait with this pack. */
  async #admit(agent: Agent, pack: string, bytes: number): Promise<PackRow> {
    const { register, budget, ledger, clock } = this.#options
    const now = clock.now()
    const uploadId = newUlid(now)
    const announced = { uploadId, agent: agent.kid, pack, bytes, createdAt: now }
    budget.check(agent.kid, 'creating an upload')
    const forgotten = await admitUpload(this.#options, announced)
    try {
      for (const one of forgotten) await this.#forget(one.uploadId)
      budget.charge(agent.kid, ROW_BYTES)
      const row = await register.packs.create(announced)
      // Another request for the same pack was faster.
      if (row.uploadId !== uploadId) ledger.remove(uploadId)
      return row
    } catch (error) {
      ledger.remove(uploadId)
      throw error
    }
  }

  /** Drops an unfinished upload before its time; its agent creates it again. */
  async #forget(uploadId: string): Promise<void> {
    await this.#turns.during(uploadId, async () => {
      const row = await this.#options.register.packs.find(uploadId)
      if (row?.answer === null && (await this.offset(row)) < row.bytes) await this.#remove(row)
    })
  }

  async #remove(row: PackRow): Promise<void> {
    await this.#options.packs.remove(row.uploadId)
    await this.#options.register.packs.remove(row.uploadId)
    this.#options.ledger.remove(row.uploadId)
  }

  #use(uploadId: string): void {
    this.#options.ledger.used(uploadId, this.#options.clock.monotonicMs())
  }

  #expires(row: PackRow): string {
    return new Date(row.createdAt + this.#options.limits.lifeMs).toUTCString()
  }
}
