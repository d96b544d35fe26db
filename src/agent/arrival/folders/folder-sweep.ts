import type { FolderSettings } from '../../../config/folder-settings.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, systemCode } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import {
  dayOf,
  type FolderFileKey,
  type FolderFileRow,
  type FolderLedger,
} from '../../queue/folder-ledger.ts'
import { lookOf, pathKeyOf } from './file-look.ts'
import { isLeftOut, matcherOf } from './file-patterns.ts'
import type { Assignment, FileTaker, TakeOutcome } from './file-taker.ts'
import { isSidecar } from './find-facts.ts'
import { findWaiting } from './find-waiting.ts'
import { refuseUntaken } from './refuse-untaken.ts'
import { asideUlid } from './settle-source.ts'
import { baseName, shownPath } from './shown-path.ts'
import { SourceRemover } from './source-remover.ts'
import { Stillness } from './stillness.ts'
import { type SweptFile, sweep } from './sweep.ts'

interface FolderSweepOptions {
  readonly settings: FolderSettings
  readonly secret: Buffer
  readonly ledger: FolderLedger
  readonly taker: FileTaker
  readonly clock: Clock
  readonly log: Log
}

/** The end of a sweep. */
export interface SweepResult {
  /** Files that still change, or were seen once only. */
  readonly moving: number
  /** The part of its time in which it took files and put sources away; the rest of it only looked. */
  readonly workedMs: number
  /** True if more files were still than were taken: the next sweep begins at once. */
  readonly isMoreWaiting: boolean
  /** Why something below the folder cannot be read; no name is in it. */
  readonly unreadable: string | undefined
  /** Why taken files can be neither moved nor deleted; no name is in it. */
  readonly kept: string | undefined
}

/** A file that may be taken now. */
interface Candidate {
  readonly file: SweptFile
  readonly key: string
  readonly pathKey: Buffer
  readonly look: string
  readonly row: FolderFileRow | undefined
  readonly stillMs: number
  /** A person's word about it. */
  readonly assignment?: Assignment
}

/** Files that are taken at the same time: they share the syncs of the spool and of the ledger. */
const TOGETHER = 4
/** A file that has been still and not whole for this long is broken: no program writes it any more. */
const UNFINISHED_MS = 10 * 60_000
/** A program that gave a file its size first does not pause for longer just before its end. */
const RESTED_MS = 60_000
const SHOWN_PATHS = 10_000
const NOTED_TOGETHER = 500

/** Goes through a folder once and does for each file what is due: wait, take, hold, or put away its source. */
export class FolderSweep {
  readonly #options: FolderSweepOptions
  readonly #stillness: Stillness
  readonly #isTaken: (path: string) => boolean
  readonly #remover: SourceRemover
  /** Held files that were tried since the start, or since a person asked for it. */
  readonly #tried = new Set<string>()
  /** Paths of files that wait or are held, as the last sweep found them. */
  #paths = new Map<string, Buffer>()
  #seenOpen = new Set<string>()
  #seenToday: FolderFileRow['ulid'][] = []
  #candidates: Candidate[] = []
  #unreadable: string | undefined
  #isMoreWaiting = false
  #workedMs = 0
  #takenSinceStart = 0
  /** Files are taken by the sweep, or because a person assigns one: not both at the same time. */
  #taking: Promise<unknown> = Promise.resolve()

  constructor(options: FolderSweepOptions) {
    const { settings, ledger, log } = options
    this.#options = options
    this.#stillness = new Stillness(settings.stillMs)
    this.#isTaken = matcherOf(settings.files)
    this.#remover = new SourceRemover({ settings, ledger, log })
  }

  /** Files that this process has taken. */
  get takenSinceStart(): number {
    return this.#takenSinceStart
  }

  get moving(): number {
    return this.#stillness.count
  }

  shownPath(ulid: string): string | undefined {
    const path = this.#paths.get(ulid)
    return path && shownPath(path)
  }

  retry(): void {
    this.#tried.clear()
  }

  /**
   * Takes a file that waits or is held, because a person says whose it is. Resolves when it is entered as taken, so that
   * neither a crash nor a power cut undoes it. Throws NOT_HELD, FILE_CHANGED, FOLDER_UNREACHABLE, or the failure by which it is held.
   */
  async assign(root: Buffer, row: FolderFileRow & FolderFileKey, assignment: Assignment): Promise<void> {
    const { secret, settings, ledger } = this.#options
    const places = { root, secret, folder: settings.name, known: this.#paths.get(row.ulid) }
    const file = await findWaiting(row.pathKey, places)
    if (file === undefined) throw new Failure('NOT_HELD', 'assigning a file: it is gone')
    const look = lookOf(file, settings.network)
    if (look !== row.look)
      throw new Failure('FILE_CHANGED', 'assigning a file: it has changed since it was listed')
    const key = row.pathKey.toString('latin1')
    const stillMs = Number.POSITIVE_INFINITY
    const candidate = { file, key, pathKey: row.pathKey, look, row, stillMs, assignment }
    const [outcome] = await this.#takeInTurn(root, [candidate])
    if (outcome === undefined && ledger.byUlid(row.ulid)?.state === 'taken')
      throw new Failure('NOT_HELD', 'assigning a file: it was taken meanwhile')
    refuseUntaken(outcome, this.#unreadable)
  }

  /** Resolves when no file is being taken. */
  async idle(): Promise<void> {
    await this.#taking
  }

  /** `root` has no symbolic link in it. Throws if it cannot be read. */
  async run(root: Buffer, signal: AbortSignal): Promise<SweepResult> {
    this.#begin(root)
    const skip = (path: Buffer): boolean => this.#isLeftOut(path)
    for await (const found of sweep(root, { skip, signal })) {
      if ('error' in found) this.#cannotRead(found.error)
      else await this.#consider(root, found)
      if (this.#candidates.length >= TOGETHER) await this.#working(this.#takeCandidates(root))
    }
    await this.#working(this.#takeCandidates(root))
    if (!signal.aborted) this.#end()
    return {
      moving: this.#stillness.count,
      workedMs: this.#workedMs,
      isMoreWaiting: this.#isMoreWaiting,
      unreadable: this.#unreadable,
      kept: this.#remover.trouble,
    }
  }

  #begin(root: Buffer): void {
    this.#paths = new Map()
    this.#seenOpen = new Set()
    this.#seenToday = []
    this.#candidates = []
    this.#unreadable = undefined
    this.#isMoreWaiting = false
    this.#workedMs = 0
    this.#remover.begin(root)
  }

  async #working(work: Promise<void>): Promise<void> {
    const { clock } = this.#options
    const begunMs = clock.monotonicMs()
    await work
    this.#workedMs += clock.monotonicMs() - begunMs
  }

  #isLeftOut(path: Buffer): boolean {
    const name = shownPath(baseName(path))
    if (asideUlid(path) !== undefined) return false
    return isLeftOut(name) || isSidecar(name, this.#options.settings.sidecar) || this.#remover.isTarget(path)
  }

  async #consider(root: Buffer, file: SweptFile): Promise<void> {
    const { settings, secret, ledger, clock } = this.#options
    if (asideUlid(file.path) !== undefined) return await this.#remover.endDeletion(file)
    if (!this.#isTaken(shownPath(file.path))) return
    const pathKey = pathKeyOf(secret, settings.name, file.path)
    const key = pathKey.toString('latin1')
    const look = lookOf(file, settings.network)
    const row = ledger.find({ folder: settings.name, pathKey })
    if (row !== undefined) this.#noteSeen(row, file)
    const candidate = { file, key, pathKey, look, row }
    if (row?.look !== look) {
      const stillMs = this.#stillness.look(key, look, clock.monotonicMs())
      if (stillMs !== undefined) this.#addStill({ ...candidate, stillMs })
    } else if (row.state === 'taken') await this.#working(this.#remover.settle(file, row))
    else if (await this.#isDue(root, file, row))
      this.#candidates.push({ ...candidate, stillMs: Number.POSITIVE_INFINITY })
  }

  #addStill(candidate: Candidate): void {
    const { key, stillMs } = candidate
    const isOld = stillMs >= UNFINISHED_MS
    if (isOld || this.#stillness.unfinished(key) === undefined) this.#candidates.push(candidate)
  }

  #noteSeen({ ulid, state, seenDay }: FolderFileRow, { path }: SweptFile): void {
    const today = dayOf(this.#options.clock.now())
    if (state !== 'taken') {
      this.#seenOpen.add(ulid)
      if (this.#paths.size < SHOWN_PATHS) this.#paths.set(ulid, path)
    } else if (seenDay !== today) this.#seenToday.push(ulid)
    if (this.#seenToday.length >= NOTED_TOGETHER) this.#flushSeen(today)
  }

  #flushSeen(day: number): void {
    this.#options.ledger.seen(this.#seenToday, day)
    this.#seenToday = []
  }

  /** A held file is tried once after each start; a waiting one as soon as something tells whose it is. */
  async #isDue(root: Buffer, file: SweptFile, { ulid, state }: FolderFileRow): Promise<boolean> {
    if (state === 'held') {
      const isNew = !this.#tried.has(ulid)
      this.#tried.add(ulid)
      return isNew
    }
    return typeof (await this.#options.taker.ownerOf(root, file)) !== 'string'
  }

  async #takeCandidates(root: Buffer): Promise<void> {
    const candidates = this.#candidates
    this.#candidates = []
    if (candidates.length > 0) await this.#takeInTurn(root, candidates)
  }

  #takeInTurn(root: Buffer, candidates: readonly Candidate[]): Promise<(TakeOutcome | undefined)[]> {
    const { ledger } = this.#options
    const taking = this.#taking.then(() => {
      // Another turn may have taken one of them meanwhile.
      const now = candidates.map((one) => ({ ...one, row: ledger.find(this.#entryOf(one)) }))
      return this.#takeAll(
        root,
        now.filter(({ row, look }) => row?.state !== 'taken' || row.look !== look),
      )
    })
    this.#taking = taking.catch(() => {})
    return taking
  }

  /** Files are entered as taken together, and only then is anything done to their sources. */
  async #takeAll(root: Buffer, candidates: readonly Candidate[]): Promise<(TakeOutcome | undefined)[]> {
    const { settings, ledger, clock, log } = this.#options
    const outcomes = await Promise.all(candidates.map((candidate) => this.#take(root, candidate)))
    const taken = candidates.flatMap((candidate, i) => {
      const outcome = outcomes[i]
      if (outcome === undefined) return []
      if (outcome.kind === 'taken') return [{ candidate, outcome }]
      this.#note(candidate, outcome)
      return []
    })
    const ulids = ledger.taken(
      taken.map(({ candidate, outcome: { sha256, instances } }) => ({
        ...this.#entryOf(candidate),
        sha256,
        instances,
      })),
      clock.now(),
    )
    this.#takenSinceStart += taken.length
    for (const [i, { candidate, outcome }] of taken.entries()) {
      const ulid = ulids[i] ?? ''
      this.#stillness.forget(candidate.key)
      this.#seenOpen.delete(ulid)
      this.#paths.delete(ulid)
      const { size } = candidate.file.stats
      const instances = outcome.instances.length
      const findings = outcome.findings?.join(', ')
      log.info('file taken', {
        folder: settings.name,
        file: ulid,
        bytes: Number(size),
        instances,
        ...(findings && { findings }),
      })
      // Its source is put away by this sweep if that is due, and otherwise by a later one.
      const row = ledger.find(this.#entryOf(candidate))
      if (row !== undefined) await this.#remover.settle(candidate.file, row)
    }
    return outcomes
  }

  async #take(root: Buffer, { file, row, stillMs, assignment }: Candidate): Promise<TakeOutcome | undefined> {
    const { taker } = this.#options
    try {
      const before = row?.state === 'taken' ? row.sha256 : undefined
      const isOld = stillMs >= UNFINISHED_MS
      const isRested = stillMs >= RESTED_MS
      return await taker.take(root, file, { before, assignment, isOld, isRested })
    } catch (error) {
      this.#cannotRead(error)
      return undefined
    }
  }

  #note(candidate: Candidate, outcome: Exclude<TakeOutcome, { kind: 'taken' }>): void {
    const { ledger, log, settings } = this.#options
    const { key, row, look } = candidate
    switch (outcome.kind) {
      case 'same':
        this.#stillness.forget(key)
        if (row !== undefined) ledger.looksNew(row.ulid, look)
        return
      case 'early':
        return
      case 'changed':
        this.#stillness.forget(key)
        return
      case 'unfinished':
        this.#stillness.isUnfinished(key, outcome.reason)
        if (candidate.stillMs >= UNFINISHED_MS) this.#keepBack(candidate, 'held', outcome.reason)
        return
      case 'later':
        this.#isMoreWaiting = true
        log.warn('file not taken for now', { folder: settings.name, code: outcome.failure.code })
        return
      case 'waiting':
      case 'held':
        return this.#keepBack(
          candidate,
          outcome.kind,
          outcome.reason,
          'found' in outcome ? outcome.found : undefined,
        )
    }
  }

  #keepBack(candidate: Candidate, state: 'waiting' | 'held', reason: string, found?: string): void {
    const { ledger, clock, log, settings } = this.#options
    const ulid = ledger.keepBack(this.#entryOf(candidate), state, reason, clock.now())
    this.#stillness.forget(candidate.key)
    this.#seenOpen.add(ulid)
    if (state === 'held') this.#tried.add(ulid)
    if (this.#paths.size < SHOWN_PATHS) this.#paths.set(ulid, candidate.file.path)
    const { reason: before, state: stateBefore } = candidate.row ?? {}
    if (before !== reason || stateBefore !== state)
      log.warn(state === 'held' ? 'file held' : 'file waits for its patient', {
        folder: settings.name,
        file: ulid,
        code: reason,
        ...(found !== undefined && { reason: found }),
      })
  }

  #entryOf({ pathKey, look, file }: Candidate): {
    folder: string
    pathKey: Buffer
    look: string
    bytes: number
  } {
    return { folder: this.#options.settings.name, pathKey, look, bytes: Number(file.stats.size) }
  }

  /** Names may be those of patients: the code of the system must do. */
  #cannotRead(error: unknown): void {
    const { settings } = this.#options
    this.#unreadable ??= `reading below ${settings.path}: ${systemCode(error) ?? 'unknown error'}`
  }

  #end(): void {
    const { ledger, clock, settings } = this.#options
    this.#flushSeen(dayOf(clock.now()))
    this.#stillness.endSweep()
    if (this.#unreadable !== undefined) return
    const { waiting, held } = ledger.counts(settings.name)
    if (waiting + held === this.#seenOpen.size) return
    const gone = ledger.openUlids(settings.name).filter((ulid) => !this.#seenOpen.has(ulid))
    ledger.forget(gone)
  }
}
