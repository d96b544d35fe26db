import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../../platform/failure.ts'
import { Database } from '../../../platform/sqlite.ts'
import type { DisplayKey } from '../../queue/display/display-key.ts'
import type { Order, PatientMerge } from '../order.ts'

const FILE = 'orders.sqlite'
const ENDS = ['', '-wal', '-shm'] as const
/** Sealed rows are opened in parts, so that no turn of the event loop is long. */
const ROWS_A_TURN = 500

/** An HL7 message that was taken: 32 bytes each, and the answer as it was sent. */
export interface TakenMessage {
  readonly id: Buffer
  readonly digest: Buffer
  readonly answer: Buffer
}

/** An order with its row, and the time when it came first (ms since 1970). */
interface StoredOrder {
  readonly id: number
  readonly order: Order
  readonly takenAt: number
}

/** Changes that are committed together. */
interface StoredChanges {
  readonly put: readonly {
    readonly order: Order
    readonly takenAt: number
    readonly replaces: number | undefined
  }[]
  readonly remove: readonly number[]
  readonly merges: readonly PatientMerge[]
  readonly message: TakenMessage | undefined
}

type Sealed = { id: number; sealed: Buffer }

/** The file of sealed orders. A damaged file is moved aside: sources are asked again, orders by HL7 are lost with it. */
export class OrderStore implements Disposable {
  readonly #database: Database
  readonly #key: DisplayKey
  /** The path to which a damaged file was moved at this start. */
  readonly setAside: string | undefined

  private constructor(database: Database, key: DisplayKey, setAside: string | undefined) {
    this.#database = database
    this.#key = key
    this.setAside = setAside
  }

  /** Throws DATABASE_ERROR, DATABASE_NEWER. */
  static open(folder: string, key: DisplayKey, nowMs: number): OrderStore {
    const path = join(folder, FILE)
    const schema = join(import.meta.dirname, 'schema')
    let database: Database | undefined
    try {
      database = Database.open(path, schema)
      database.check()
      return new OrderStore(database, key, undefined)
    } catch (error) {
      database?.close()
      if (!(error instanceof Failure) || error.code !== 'DATABASE_DAMAGED') throw error
      const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`
      for (const end of ENDS) if (existsSync(path + end)) renameSync(path + end, aside + end)
      return new OrderStore(Database.open(path, schema), key, aside)
    }
  }

  /** Removes the orders of a site that keeps none, those moved aside too. Returns true if there were any. */
  static remove(folder: string): boolean {
    const names = readdirSync(folder).filter((name) => name.startsWith(FILE))
    for (const name of names) rmSync(join(folder, name), { force: true })
    return names.length > 0
  }

  /** Opens all rows. Rows under another key are removed: nothing can open them again. */
  async load(): Promise<{ orders: StoredOrder[]; merges: PatientMerge[]; lost: number }> {
    const orders: StoredOrder[] = []
    const merges: PatientMerge[] = []
    const lost = { sealed_order: [] as number[], sealed_merge: [] as number[] }
    for await (const { id, value } of this.#opened<Omit<StoredOrder, 'id'>>('sealed_order'))
      if (value === undefined) lost.sealed_order.push(id)
      else orders.push({ id, ...value })
    for await (const { id, value } of this.#opened<PatientMerge>('sealed_merge'))
      if (value === undefined) lost.sealed_merge.push(id)
      else merges.push(value)
    const count = lost.sealed_order.length + lost.sealed_merge.length
    if (count > 0)
      this.#database.durably(() => {
        for (const [table, ids] of Object.entries(lost))
          for (const id of ids) this.#database.run(`DELETE FROM ${table} WHERE id = ?`, id)
      })
    return { orders, merges, lost: count }
  }

  /** Commits all changes, on the disk before this returns; returns the rows of `put`, in order. */
  commit({ put, remove, merges, message }: StoredChanges, nowMs: number): number[] {
    const database = this.#database
    return database.durably(() => {
      for (const id of remove) database.run('DELETE FROM sealed_order WHERE id = ?', id)
      const ids = put.map(({ order, takenAt, replaces }) => {
        if (replaces !== undefined) database.run('DELETE FROM sealed_order WHERE id = ?', replaces)
        const sealed = this.#key.seal(JSON.stringify({ order, takenAt }), 'sealed_order')
        return database.get<{ id: number }>(PUT_ORDER, sealed)?.id ?? 0
      })
      for (const merge of merges) {
        database.run(PUT_MERGE, this.#key.seal(JSON.stringify(merge), 'sealed_merge'))
        database.run(PRUNE_MERGES)
      }
      if (message !== undefined) {
        database.run(PUT_MESSAGE, message.id, message.digest, message.answer, nowMs)
        database.run('DELETE FROM taken_message WHERE taken_at < ?', nowMs - MESSAGES_KEPT_MS)
      }
      return ids
    })
  }

  /** The answer to the same message, if it was taken before. */
  answerTo(id: Buffer, digest: Buffer): Buffer | undefined {
    const row = this.#database.get<{ digest: Buffer; answer: Buffer }>(GET_MESSAGE, id)
    return row?.digest.equals(digest) === true ? row.answer : undefined
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it sealed
  async *#opened<Value>(
    table: 'sealed_order' | 'sealed_merge',
  ): AsyncGenerator<{ id: number; value: Value | undefined }> {
    const sql = `SELECT id, sealed FROM ${table} WHERE id > ? ORDER BY id LIMIT ${ROWS_A_TURN}`
    for (let last = 0; ; ) {
      const rows = this.#database.all<Sealed>(sql, last)
      for (const { id, sealed } of rows) {
        const text = this.#key.open(sealed, table)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by this class, and authenticated
        yield { id, value: text === undefined ? undefined : (JSON.parse(text) as Value) }
        last = id
      }
      if (rows.length < ROWS_A_TURN) return
      await setImmediate()
    }
  }
}

/** A sender that repeats a message does so within minutes or days. */
const MESSAGES_KEPT_MS = 7 * 86_400_000

const PUT_ORDER = 'INSERT INTO sealed_order (sealed) VALUES (?) RETURNING id'
const PUT_MERGE = 'INSERT INTO sealed_merge (sealed) VALUES (?)'
const PRUNE_MERGES = 'DELETE FROM sealed_merge WHERE id <= (SELECT max(id) - 10000 FROM sealed_merge)'
const GET_MESSAGE = 'SELECT digest, answer FROM taken_message WHERE id = ?'
const PUT_MESSAGE = `
  INSERT INTO taken_message VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET digest = excluded.digest, answer = excluded.answer, taken_at = excluded.taken_at`
