import type { Database } from '../../platform/sqlite.ts'
import { newUlid, type Ulid } from '../../protocol/ulid.ts'

/** `waiting`: nothing tells whose it is. `held`: it cannot be taken as it is. `taken`: all its instances are in the queue. */
type FolderFileState = 'waiting' | 'held' | 'taken'

/** A file of a watched folder: the digest of its path, never its name. */
export interface FolderFileKey {
  readonly folder: string
  readonly pathKey: Buffer
}

export interface FolderFileRow {
  readonly ulid: Ulid
  /** Size, times and inode, as text. */
  readonly look: string
  readonly sha256: string | null
  readonly state: FolderFileState
  /** The reason why it waits or is held: a code. */
  readonly reason: string | null
  readonly bytes: number
  /** Ms since 1970: in this state since. */
  readonly since: number
  readonly seenDay: number
}

/** One version of a file that is entered. */
interface FolderFileEntry extends FolderFileKey {
  readonly look: string
  readonly bytes: number
}

const SLICE = 500

/**
 * The ledger of the watched folders: which version of which file was taken, waits for its patient, or is held. A file that was
 * taken is on the disk before anything happens to it (FULL): neither a crash nor a power cut makes it new again. Without the
 * ledger, files that are still there are taken again, and become the same instances.
 */
export class FolderLedger {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  find({ folder, pathKey }: FolderFileKey): FolderFileRow | undefined {
    return this.#database.get<FolderFileRow>(FIND, folder, pathKey)
  }

  /** Enters a file that is not taken. The same version in the same state keeps its ULID and its time. Returns its ULID. */
  keepBack(entry: FolderFileEntry, state: 'waiting' | 'held', reason: string, now: number): Ulid {
    const before = this.find(entry)
    const isSame = before?.look === entry.look && before.state === state
    if (isSame && before.reason === reason) return before.ulid
    const ulid = isSame ? before.ulid : newUlid(now)
    const since = isSame ? before.since : now
    this.#database.transaction(() => {
      this.#replace(entry, { ulid, sha256: null, state, reason, since, now })
    })
    return ulid
  }

  /** Enters files that were taken, with their instances, durably. A file that waited keeps its ULID. */
  taken(
    files: readonly (FolderFileEntry & { readonly sha256: string; readonly instances: readonly Ulid[] })[],
    now: number,
  ): Ulid[] {
    if (files.length === 0) return []
    return this.#database.durably(() =>
      files.map((file) => {
        const before = this.find(file)
        const ulid = before !== undefined && before.state !== 'taken' ? before.ulid : newUlid(now)
        this.#replace(file, { ulid, sha256: file.sha256, state: 'taken', reason: null, since: now, now })
        for (const instance of file.instances) this.#database.run(ADD_INSTANCE, ulid, instance)
        return ulid
      }),
    )
  }

  /** Notes that a file which was taken looks different and has the same bytes. */
  looksNew(ulid: Ulid, look: string): void {
    this.#database.run('UPDATE folder_file SET look = ? WHERE ulid = ?', look, ulid)
  }

  /** Returns true if the center has receipted every instance of a taken file, at every destination. */
  isConfirmed(ulid: Ulid): boolean {
    const row = this.#database.get<{ instances: number; confirmed: number }>(CONFIRMED, ulid)
    return row !== undefined && row.instances > 0 && row.instances === row.confirmed
  }

  /** Forgets files, because they are gone. */
  forget(ulids: readonly Ulid[]): void {
    if (ulids.length === 0) return
    this.#database.transaction(() => {
      for (const ulid of ulids) this.#database.run('DELETE FROM folder_file WHERE ulid = ?', ulid)
    })
  }

  /** Notes that a sweep has seen these files on this day. */
  seen(ulids: readonly Ulid[], day: number): void {
    if (ulids.length === 0) return
    this.#database.transaction(() => {
      for (const ulid of ulids) this.#database.run(SEEN, day, ulid)
    })
  }

  /** Forgets files of a state that no sweep has seen since `day`; returns true if more are left. */
  forgetUnseen(folder: string, state: FolderFileState, day: number): boolean {
    return this.#database.run(FORGET_UNSEEN, folder, day, state, SLICE) === SLICE
  }

  /** The ULIDs of all files that wait or are held. */
  openUlids(folder: string): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(OPEN_ULIDS, folder).map(({ ulid }) => ulid)
  }

  /** Files that wait or are held, the oldest of each first; at most `limit`. */
  open(folder: string, limit: number): FolderFileRow[] {
    return [
      ...this.#database.all<FolderFileRow>(OPEN, folder, 'waiting', limit),
      ...this.#database.all<FolderFileRow>(OPEN, folder, 'held', limit),
    ].slice(0, limit)
  }

  /** The row of a file, by its ULID. */
  byUlid(ulid: string): (FolderFileRow & FolderFileKey) | undefined {
    return this.#database.get<FolderFileRow & FolderFileKey>(BY_ULID, ulid)
  }

  /** The number of files in each state. */
  counts(folder: string): Record<FolderFileState, number> {
    const rows = this.#database.all<{ state: FolderFileState; files: number }>(COUNTS, folder)
    return { waiting: 0, held: 0, taken: 0, ...Object.fromEntries(rows.map((row) => [row.state, row.files])) }
  }

  /** The reasons why files are held, the most frequent first. */
  heldReasons(folder: string): { reason: string; files: number }[] {
    return this.#database.all<{ reason: string; files: number }>(HELD_REASONS, folder)
  }

  #replace(
    { folder, pathKey, look, bytes }: FolderFileEntry,
    row: Pick<FolderFileRow, 'ulid' | 'sha256' | 'state' | 'reason' | 'since'> & { now: number },
  ): void {
    const { ulid, sha256, state, reason, since, now } = row
    this.#database.run('DELETE FROM folder_file WHERE folder = ? AND path_key = ?', folder, pathKey)
    const values = [ulid, folder, pathKey, look, sha256, state, reason, bytes, since, dayOf(now)]
    this.#database.run('INSERT INTO folder_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', ...values)
  }
}

/** The day since 1970 of a time in ms. */
export const dayOf = (now: number): number => Math.floor(now / 86_400_000)

const COLUMNS = 'ulid, look, sha256, state, reason, bytes, since, seen_day AS seenDay'
const FIND = `SELECT ${COLUMNS} FROM folder_file WHERE folder = ? AND path_key = ?`
const BY_ULID = `SELECT ${COLUMNS}, folder, path_key AS pathKey FROM folder_file WHERE ulid = ?`
const OPEN = `
  SELECT ${COLUMNS} FROM folder_file INDEXED BY folder_file_open
  WHERE folder = ? AND state = ? AND state <> 'taken' ORDER BY since LIMIT ?`
const OPEN_ULIDS = `
  SELECT ulid FROM folder_file INDEXED BY folder_file_open WHERE folder = ? AND state <> 'taken'`
const HELD_REASONS = `
  SELECT reason, count(*) AS files FROM folder_file INDEXED BY folder_file_open
  WHERE folder = ? AND state = 'held' AND state <> 'taken' GROUP BY reason ORDER BY files DESC, reason`
const COUNTS = 'SELECT state, files FROM folder_total WHERE folder = ?'
const ADD_INSTANCE = 'INSERT INTO folder_file_instance VALUES (?, ?) ON CONFLICT DO NOTHING'
const SEEN = 'UPDATE folder_file SET seen_day = ? WHERE ulid = ?'
const FORGET_UNSEEN = `
  DELETE FROM folder_file WHERE ulid IN (
    SELECT ulid FROM folder_file INDEXED BY folder_file_unseen WHERE folder = ? AND seen_day < ? AND state = ? LIMIT ?)`
/** An instance whose record was deleted does not count as confirmed: nothing proves it any more. */
const CONFIRMED = `
  SELECT count(*) AS instances, count(i.kept_from) AS confirmed
  FROM folder_file_instance f LEFT JOIN instance i ON i.ulid = f.instance WHERE f.file = ?`
