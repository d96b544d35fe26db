import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../platform/clock.ts'
import { failureFrom, storageFailure, systemCode } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import type { SigningKey, VerifyKey } from '../protocol/signing-key.ts'
import type { AuditEvent } from './audit-event.ts'
import { auditFileName, auditFiles, auditFolder, firstSequenceOf } from './audit-files.ts'
import { digestOf, isLineSigned, makeLine, NOTHING_BEFORE, parseLine, signEnd } from './audit-line.ts'
import { type AuditSource, auditMessage } from './audit-message.ts'
import { type AuditHead, AuditState } from './audit-state.ts'

const FILE_BYTES = 16 * 1024 ** 2
/** Events of the program itself are written together after this time. */
const GATHER_MS = 1000

interface AuditTrailOptions {
  readonly dataFolder: string
  /** Signs every line; its fingerprint identifies the source. */
  readonly key: SigningKey
  readonly program: AuditSource['program']
  readonly clock: Clock
  readonly log: Log
  /** Size after which a new file begins. */
  readonly fileBytes?: number
}

/** The end of a trail to which a line is added. */
interface End {
  readonly sequence: number
  readonly digest: string
  readonly file: string
  readonly bytes: number
}

/**
 * Writes the audit trail of a data folder: lines in `audit/`, each with the digest of the line before and a signature,
 * and the end of them, signed, in a database beside them. Several processes may write: each line is added in a
 * transaction of that database. A line is durable before its end is kept: after a crash the file is ahead of the
 * database by the line of an action that was never answered, and the next writer takes it in.
 */
export class AuditTrail implements Disposable {
  readonly #options: AuditTrailOptions
  readonly #folder: string
  readonly #state: AuditState
  #gathered: AuditEvent[] = []
  #timer: Timer | undefined

  /** Throws DATABASE_ERROR, DATABASE_DAMAGED, STORAGE_FULL. */
  constructor(options: AuditTrailOptions) {
    this.#options = options
    this.#folder = auditFolder(options.dataFolder)
    this.#state = openState(this.#folder, options.key.kid)
  }

  get state(): AuditState {
    return this.#state
  }

  /** Its public half checks the trail. */
  get key(): VerifyKey {
    return this.#options.key
  }

  get folder(): string {
    return this.#folder
  }

  /**
   * Records what a person asks for. On the disk when this returns, so it comes before the action. Throws STORAGE_FULL,
   * STORAGE_ERROR or DATABASE_ERROR: the action must then not take place.
   */
  record(event: AuditEvent): void {
    this.#write([...this.#takeGathered(), event])
  }

  /** Records a person's action, does it, and records its failure too. Throws as {@link record} and the action do. */
  async recorded<Result>(event: AuditEvent, act: () => Promise<Result> | Result): Promise<Result> {
    this.record(event)
    try {
      return await act()
    } catch (error) {
      this.note({ ...event, failure: failureFrom(error, 'INTERNAL', 'doing what was recorded').code })
      throw error
    }
  }

  /**
   * Records what the program does by itself, within a second: a power cut may take that second, whose transfers the
   * receipts prove. Never throws; a trail that cannot be written is logged, and the work goes on.
   */
  note(event: AuditEvent): void {
    this.#gathered.push(event)
    this.#timer ??= this.#options.clock.after(GATHER_MS, () => this.#flush())
  }

  [Symbol.dispose](): void {
    this.#flush()
    this.#state[Symbol.dispose]()
  }

  #flush(): void {
    const events = this.#takeGathered()
    if (events.length === 0) return
    try {
      this.#write(events)
    } catch (error) {
      const { code, message } = failureFrom(error, 'STORAGE_ERROR', 'writing the audit trail')
      this.#options.log.error('audit trail not written', { code, reason: message, instances: events.length })
    }
  }

  #takeGathered(): AuditEvent[] {
    this.#timer?.cancel()
    this.#timer = undefined
    const events = this.#gathered
    this.#gathered = []
    return events
  }

  #write(events: readonly AuditEvent[]): void {
    const { key, program, clock } = this.#options
    const source = { program, id: key.kid }
    const at = clock.now()
    const messages = events.map((event) => auditMessage(event, source, at))
    this.#state.alone(() => {
      let end = this.#continue(this.#state.head())
      for (const message of messages) end = this.#add(end, message)
      this.#state.keepHead({ ...end, signature: signEnd(end, key), kid: key.kid })
    })
  }

  #add({ sequence, digest, file, bytes }: End, message: string): End {
    const next = sequence + 1
    const line = makeLine({ sequence: next, previous: digest, message }, this.#options.key)
    const isNew = bytes >= (this.#options.fileBytes ?? FILE_BYTES) || file === ''
    const name = isNew ? auditFileName(next) : file
    const added = this.#append(name, line, isNew ? 0 : bytes)
    return { sequence: next, digest: digestOf(line), file: name, bytes: added }
  }

  /** Writes and syncs one line behind the first `bytes` bytes. Returns the new size. */
  #append(name: string, line: string, bytes: number): number {
    try {
      const descriptor = openSync(join(this.#folder, name), 'a+', 0o600)
      try {
        const start = cutTornLine(descriptor, bytes)
        const content = Buffer.from(`${line}\n`, 'utf8')
        for (let done = 0; done < content.length; ) done += writeSync(descriptor, content, done)
        fdatasyncSync(descriptor)
        if (bytes === 0) syncFolderNow(this.#folder)
        return start + content.length
      } finally {
        closeSync(descriptor)
      }
    } catch (error) {
      throw storageFailure(error, 'writing the audit trail')
    }
  }

  /**
   * Takes in whole, signed lines after the kept end, in its file and the ones after it: their writer died before it kept
   * them, or the database is an older copy. Lines that are not ours stay for the check to find, and a new file begins.
   */
  #continue(head: AuditHead | undefined): End {
    const last = head ?? this.#found()
    let { sequence, digest, file, bytes } = last ?? NO_END
    const elsewhere = (): End => ({ sequence, digest, file: '', bytes: 0 })
    for (;;) {
      const tail = file === '' ? Buffer.alloc(0) : tailOf(join(this.#folder, file), bytes)
      // A file that is shorter was cut; the check names the gap.
      if (tail === undefined) return elsewhere()
      for (
        let from = 0, to = tail.indexOf(LINE_FEED);
        to >= 0;
        from = to + 1, to = tail.indexOf(LINE_FEED, from)
      ) {
        const text = tail.toString('utf8', from, to)
        const line = parseLine(text)
        const follows = line?.sequence === sequence + 1 && line.previous === digest
        if (!follows || !isLineSigned(line, this.#options.key)) return elsewhere()
        sequence = line.sequence
        digest = digestOf(text)
        bytes += to + 1 - from
      }
      const next = auditFileName(sequence + 1)
      if (next === file || (tailOf(join(this.#folder, next), 0)?.length ?? 0) === 0)
        return { sequence, digest, file, bytes }
      file = next
      bytes = 0
    }
  }

  /** The database is gone: the trail goes on after the last line, and the check says that its end is not proved. */
  #found(): End | undefined {
    const file = auditFiles(this.#folder).at(-1)
    if (file === undefined) return undefined
    const content = tailOf(join(this.#folder, file), 0) ?? Buffer.alloc(0)
    const bytes = content.lastIndexOf(LINE_FEED) + 1
    const lines = content.toString('utf8', 0, bytes).split('\n').slice(0, -1)
    const text = lines.at(-1) ?? ''
    const line = parseLine(text)
    if (line !== undefined) return { sequence: line.sequence, digest: digestOf(text), file, bytes }
    return { ...NO_END, sequence: firstSequenceOf(file) + lines.length }
  }
}

/** The trail of an identity that this program no longer has is kept beside the new one. */
function openState(folder: string, kid: string): AuditState {
  const state = new AuditState(folder)
  const head = state.head()
  if (head === undefined || head.kid === kid) return state
  state[Symbol.dispose]()
  renameSync(folder, `${folder}-of-${head.kid.slice(0, 20)}`)
  return new AuditState(folder)
}

const LINE_FEED = 0x0a

const NO_END: End = { sequence: 0, digest: NOTHING_BEFORE, file: '', bytes: 0 }

/** Removes a line without its end, which a crash has left. Whole lines stay. Returns the size. */
function cutTornLine(descriptor: number, bytes: number): number {
  const { size } = fstatSync(descriptor)
  if (size <= bytes) return size
  const rest = readFrom(descriptor, bytes, size)
  const end = bytes + rest.lastIndexOf(LINE_FEED) + 1
  if (end < size) ftruncateSync(descriptor, end)
  return end
}

/** The bytes of a file from `bytes` on; undefined if it is shorter, none if it is missing. */
function tailOf(path: string, bytes: number): Buffer | undefined {
  try {
    const descriptor = openSync(path, 'r')
    try {
      const { size } = fstatSync(descriptor)
      return size < bytes ? undefined : readFrom(descriptor, bytes, size)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return bytes === 0 ? Buffer.alloc(0) : undefined
    throw storageFailure(error, 'reading the audit trail')
  }
}

function readFrom(descriptor: number, from: number, to: number): Buffer {
  const content = Buffer.alloc(to - from)
  let done = 0
  while (done < content.length) {
    const count = readSync(descriptor, content, done, content.length - done, from + done)
    if (count === 0) break
    done += count
  }
  return content.subarray(0, done)
}

function syncFolderNow(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
