import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, isFailureCode } from '../../platform/failure.ts'
import { type MemberAnswer, type PackAnswer, packAnswerSchema } from '../../protocol/center-api.ts'
import type { PackHeader } from '../../protocol/pack.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { MemberOutcome, PackRecord, Packs } from '../queue/packs.ts'
import type { Spool } from '../queue/spool/spool.ts'
import { verifySpoolFile } from '../queue/spool/verify-spool-file.ts'
import type { CenterClient } from './center-client.ts'
import { ChunkSize } from './chunk-size.ts'
import type { Destination } from './destination.ts'
import type { KeyRefresh } from './key-refresh.ts'
import type { Pace } from './pace.ts'
import { type BadMember, damagedMembers, PackSource, unreadableMembers } from './pack-source.ts'
import { uploadPack } from './tus-upload.ts'

/** The center delays its answer for up to 25 s while it opens and stores the pack. */
const ANSWER_SILENCE_MS = 60_000
/** The delay if it does not. */
const ASK_AGAIN_MS = 1000
/** If a pack is not opened by then, others take its turn, and it is asked for again later. */
const OPENING_MS = 60_000
const DAMAGED_FIRST_MS = 5_000
const DAMAGED_CAP_MS = 10 * 60_000

interface CenterUploadOptions {
  client: CenterClient
  keyRefresh: Pick<KeyRefresh, 'ask'>
  packs: Packs
  spool: Spool
  clock: Clock
  chunkBytes: number
  /** True if some studies have priority: the others use the line in shorter pieces, so that these soon pass. */
  hasUrgent: boolean
  pace: Pace
}

/** The center as a destination: packs by tus, one answer per instance. */
export class CenterUpload implements Destination {
  readonly name = 'center'
  readonly #options: CenterUploadOptions
  readonly #chunkSize: ChunkSize
  readonly #urgentChunkSize: ChunkSize
  /** Number of consecutive times that packs of a study have arrived damaged as a whole. */
  readonly #timesDamaged = new Map<string, number>()

  constructor(options: CenterUploadOptions) {
    this.#options = options
    this.#chunkSize = new ChunkSize(options.chunkBytes, options.hasUrgent)
    this.#urgentChunkSize = new ChunkSize(options.chunkBytes)
  }

  async deliver(
    pack: PackRecord,
    reached: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<MemberOutcome[]> {
    const { client, packs, spool, clock, pace } = this.#options
    const { header, hasPriority } = pack
    if (!packs.isKnown(header.pack)) return []
    const unreadable = await unreadableMembers(header, spool)
    if (unreadable.length > 0) return this.#withoutUnreadable(pack, unreadable)
    const upload = {
      client,
      source: PackSource.of(header, spool),
      pack: header.pack,
      subject: header.study,
      chunkSize: hasPriority ? this.#urgentChunkSize : this.#chunkSize,
      pace,
      hasPriority,
      clock,
      created: (url: string) => packs.recordUpload(header.pack, url),
      reached,
      signal,
    }
    let url: string
    try {
      using _ = hasPriority ? pace.pass() : undefined
      url = await uploadPack(upload, pack.uploadUrl)
    } catch (error) {
      const bad = isOurs(error) ? await damagedMembers(header, spool) : []
      if (bad.length === 0) throw error
      return this.#withoutUnreadable(pack, bad)
    }
    pack.uploadUrl = url
    const answer = await this.#answer(url, header.study, signal)
    if (answer.state === 'damaged') return this.#allAgain(header, answer.reason)
    this.#timesDamaged.delete(header.study)
    return this.#outcomes(answer.members, header.members)
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#options.keyRefresh.ask(signal)
  }

  /**
   * A pack with a bad member cannot be sent in its stored form: the bad member is held, the others go into a new pack.
   */
  #withoutUnreadable(pack: PackRecord, unreadable: readonly BadMember[]): MemberOutcome[] {
    const failures = new Map<string, Failure>(unreadable.map(({ ulid, failure }) => [ulid, failure]))
    return pack.header.members.map(({ ulid }) => {
      const failure = failures.get(ulid)
      return failure === undefined ? { ulid, outcome: 'again' } : { ulid, outcome: 'held', failure }
    })
  }

  /**
   * Handles a pack whose member list the center could not read. Members whose own file is bad are held; all others go
   * into a new pack, with a growing delay, and are never held for a person for this reason.
   */
  async #allAgain(header: PackHeader, reason: string): Promise<MemberOutcome[]> {
    const { clock, spool } = this.#options
    const times = this.#timesDamaged.get(header.study) ?? 0
    this.#timesDamaged.set(header.study, times + 1)
    const nextAttemptAt = clock.now() + backoffMs(times, DAMAGED_FIRST_MS, DAMAGED_CAP_MS)
    const failure = new Failure('PACK_DAMAGED', `the center says: ${reason}`)
    const bad = new Map<string, Failure>()
    for (const { ulid, failure: found } of await damagedMembers(header, spool)) bad.set(ulid, found)
    return header.members.map(({ ulid }) => {
      const found = bad.get(ulid)
      return found === undefined
        ? { ulid, outcome: 'again', failure, nextAttemptAt }
        : { ulid, outcome: 'held', failure: found }
    })
  }

  /** Returns the center's answer to the whole pack; waits while the pack is being opened. */
  async #answer(
    url: string,
    subject: string,
    signal: AbortSignal,
  ): Promise<Exclude<PackAnswer, { state: 'processing' }>> {
    const { clock } = this.#options
    const path = `${url}/answer`
    for (const startedMs = clock.monotonicMs(); clock.monotonicMs() - startedMs < OPENING_MS; ) {
      const response = await this.#options.client.request({
        method: 'GET',
        path,
        silenceMs: ANSWER_SILENCE_MS,
        also: [404, 409, 410],
        subject,
        signal,
      })
      if (response.status >= 400) throw forgotten()
      const attempted = 'reading what became of a pack'
      const answer = parseJson(response.body, packAnswerSchema, 'CENTER_ANSWER_INVALID', attempted)
      if (answer.state !== 'processing') return answer
      await clock.sleep(ASK_AGAIN_MS, signal)
    }
    throw new Failure(
      'CENTER_BUSY',
      'asking what became of a pack: the center has all of it and not opened it yet',
    )
  }

  async #outcomes(
    answers: MemberAnswer[],
    members: PackRecord['header']['members'],
  ): Promise<MemberOutcome[]> {
    const byUlid = new Map(answers.map((answer) => [answer.ulid, answer]))
    const outcomes: MemberOutcome[] = []
    for (const { ulid, bytes } of members) {
      const answer = byUlid.get(ulid)
      if (answer?.state === 'stored') outcomes.push({ ulid, outcome: 'delivered' })
      else if (answer?.state === 'refused') outcomes.push({ ulid, outcome: 'held', failure: told(answer) })
      else outcomes.push(await this.#damaged(ulid, bytes, answer))
    }
    return outcomes
  }

  /**
   * The center received other bytes than were sealed. If our file is intact, the connection was at fault, and the
   * instance is sent again. Otherwise it is held.
   */
  async #damaged(ulid: Ulid, bytes: number, answer: MemberAnswer | undefined): Promise<MemberOutcome> {
    const bad = await verifySpoolFile(this.#options.spool, { ulid, bytes })
    if (bad !== undefined) return { ulid, outcome: 'held', failure: bad }
    const failure = answer === undefined ? unanswered(ulid) : told(answer)
    const nextAttemptAt = this.#options.clock.now() + backoffMs(4, DAMAGED_FIRST_MS, DAMAGED_CAP_MS)
    return { ulid, outcome: 'again', failure, nextAttemptAt }
  }
}

/**
 * Returns true if the upload failed because a spool file could not be read, and not because of the line or the center.
 */
function isOurs(error: unknown): boolean {
  const code = error instanceof Failure ? error.code : undefined
  return code === 'SPOOL_FILE_DAMAGED' || code === 'SPOOL_FILE_MISSING' || code === 'STORAGE_ERROR'
}

function told({ code = '', reason = 'no reason given' }: MemberAnswer): Failure {
  return new Failure(isFailureCode(code) ? code : 'INSTANCE_REFUSED', `the center says: ${reason}`)
}

/** The next attempt asks for the offset and continues there, or begins again: nothing is stored twice. */
const forgotten = (): Failure =>
  new Failure('CENTER_ERROR', 'asking what became of a pack: the center no longer has all of it')

const unanswered = (ulid: string): Failure =>
  new Failure('CENTER_ANSWER_INVALID', `the center's answer to a pack does not speak of ${ulid}`)
