import { createHash } from 'node:crypto'
import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, isFailureCode } from '../../platform/failure.ts'
import { CENTER_PATHS, type MemberAnswer, packAnswerSchema } from '../../protocol/center-api.ts'
import { TRAILER_BYTES } from '../../protocol/spool-file.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { MemberOutcome, PackRecord, Packs } from '../queue/packs.ts'
import type { Spool } from '../queue/spool.ts'
import type { CenterClient } from './center-client.ts'
import type { Destination } from './destination.ts'
import type { Pace } from './pace.ts'
import { PackSource, unreadableMembers } from './pack-source.ts'
import { uploadPack } from './tus-upload.ts'

/** The center holds its answer back for up to 25 s while it opens and stores. */
const ANSWER_SILENCE_MS = 60_000
const DAMAGED_FIRST_MS = 5_000
const DAMAGED_CAP_MS = 10 * 60_000

export interface CenterUploadParts {
  client: CenterClient
  packs: Packs
  spool: Spool
  clock: Clock
  chunkBytes: number
  pace: Pace
}

/** The regional center as a destination: packs by tus, an answer per instance. */
export class CenterUpload implements Destination {
  readonly name = 'center'
  readonly sealing = 'end-to-end'
  readonly #parts: CenterUploadParts

  constructor(parts: CenterUploadParts) {
    this.#parts = parts
  }

  async deliver(pack: PackRecord, signal: AbortSignal): Promise<MemberOutcome[]> {
    const { client, packs, spool, chunkBytes, pace } = this.#parts
    const { header } = pack
    const unreadable = await unreadableMembers(header, spool)
    if (unreadable.length > 0) return this.#withoutUnreadable(pack, unreadable)
    const upload = {
      client,
      source: PackSource.of(header, spool),
      pack: header.pack,
      chunkBytes,
      pace,
      created: (url: string) => packs.recordUpload(header.pack, url),
      signal,
    }
    const url = await uploadPack(upload, pack.uploadUrl)
    pack.uploadUrl = url
    return this.#outcomes(await this.#answer(url, signal), header.members)
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#parts.client.request({ method: 'GET', path: CENTER_PATHS.agent, silenceMs: 15_000, signal })
  }

  /** A pack with a bad member cannot be sent as it was written down: the bad one is held, the others go in a new one. */
  #withoutUnreadable(pack: PackRecord, unreadable: { ulid: string; failure: Failure }[]): MemberOutcome[] {
    const failures = new Map(unreadable.map(({ ulid, failure }) => [ulid, failure]))
    return pack.header.members.map(({ ulid }) => {
      const failure = failures.get(ulid)
      return failure === undefined ? { ulid, outcome: 'again' } : { ulid, outcome: 'held', failure }
    })
  }

  async #answer(url: string, signal: AbortSignal): Promise<MemberAnswer[]> {
    for (;;) {
      const path = `${url}/answer`
      const answer = await this.#parts.client.json(packAnswerSchema, {
        method: 'GET',
        path,
        silenceMs: ANSWER_SILENCE_MS,
        signal,
      })
      if (answer.state === 'answered') return answer.members
    }
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

  /** The center got other bytes than were sealed. If our file is still whole it was the way: once more. Else it is held. */
  async #damaged(ulid: Ulid, bytes: number, answer: MemberAnswer | undefined): Promise<MemberOutcome> {
    const { trailer } = await this.#parts.spool.read(ulid)
    const hash = createHash('sha256')
    const source = PackSource.ofSpoolFile(this.#parts.spool, ulid, bytes)
    for await (const block of source.range(0, bytes - TRAILER_BYTES)) hash.update(block)
    if (hash.digest('hex') !== trailer.sealedSha256) {
      const failure = new Failure(
        'SPOOL_FILE_DAMAGED',
        `sending ${ulid}: its spool file no longer has the digest it was sealed with`,
      )
      return { ulid, outcome: 'held', failure }
    }
    const failure = answer === undefined ? unanswered(ulid) : told(answer)
    const nextAttemptAt = this.#parts.clock.now() + backoffMs(4, DAMAGED_FIRST_MS, DAMAGED_CAP_MS)
    return { ulid, outcome: 'again', failure, nextAttemptAt }
  }
}

function told({ code = '', reason = 'no reason given' }: MemberAnswer): Failure {
  return new Failure(isFailureCode(code) ? code : 'INSTANCE_REFUSED', `the center says: ${reason}`)
}

const unanswered = (ulid: string): Failure =>
  new Failure('CENTER_ANSWER_INVALID', `the center's answer to a pack does not speak of ${ulid}`)
