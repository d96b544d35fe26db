import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'

/** One instance, as an agent's index and a center's register know it. */
const COMMON = {
  data_set_bytes: 300,
  data_set_sha256: 'ab'.repeat(32),
  transfer_syntax_uid: '1.2.840.10008.1.2.1',
}
const SEALED = { sealed_bytes: 700, sealed_sha256: 'cd'.repeat(32) }
/** Names of one file: a file system takes at least this many. */
const LINKS = 10_000
const ulidOf = (index: number): string => `01KDYAWY2EV${String(index).padStart(15, '0')}`
const uidOf = (index: number): string => `1.2.826.0.1.3680043.8.498.12345678901234567890.${index}`

/** Enters this many instances of a study, from one on, into an agent's index as delivered. Their files play no part. */
export function deliverRows(index: string, study: string, count: number, from = 0): void {
  using database = open(index)
  database.insert(
    Array.from({ length: count }, (_, place) => from + place).map((at) => ({
      instance: {
        ulid: ulidOf(at),
        arrived_at: 0,
        listener: 'main',
        calling_ae_title: 'CT1',
        sop_class_uid: '1.2.840.10008.5.1.4.1.1.2',
        sop_instance_uid: uidOf(at),
        study_instance_uid: study,
        series_instance_uid: '1.9',
        ...COMMON,
        ...SEALED,
      },
      delivery: {
        ulid: ulidOf(at),
        destination: 'center',
        study_instance_uid: study,
        state: 'delivered',
        changed_at: 0,
      },
    })),
  )
  if (from > 0) return database.run("UPDATE study SET state = 'open' WHERE study_instance_uid = ?", study)
  database.insert([
    {
      study: {
        destination: 'center',
        study_instance_uid: study,
        state: 'open',
        first_arrived_at: 0,
        last_arrived_at: 0,
      },
    },
  ])
}

/** Enters the same instances into a center's register as brought by this agent, each with a file of one byte. */
export function storeRows(centerFolder: string, agent: string, study: string, count: number, from = 0): void {
  mkdirSync(join(centerFolder, 'instances', study), { recursive: true })
  using database = open(join(centerFolder, 'register.sqlite'))
  let whole = ''
  database.insert(
    Array.from({ length: count }, (_, place) => {
      const at = from + place
      const file = join(study, `${at}.dcm`)
      const path = join(centerFolder, 'instances', file)
      if (place % LINKS === 0) writeFileSync((whole = path), '.')
      else linkSync(whole, path)
      return {
        instances: {
          id: at + 1,
          study_uid: study,
          series_uid: '1.9',
          sop_instance_uid: uidOf(at),
          sop_class_uid: '1.2.840.10008.5.1.4.1.1.2',
          ...COMMON,
          policy: 'identified',
          file,
          file_bytes: 1,
          file_sha256: 'ef'.repeat(32),
          stored_at: 0,
          agent,
          pacs_state: 'none',
        },
        deliveries: { agent, ulid: ulidOf(at), instance_id: at + 1, ...SEALED, delivered_at: 0 },
      }
    }),
  )
}

type Row = Readonly<Record<string, string | number>>

interface Opened extends Disposable {
  insert(rows: readonly Readonly<Record<string, Row>>[]): void
  run(sql: string, ...values: string[]): void
}

function open(path: string): Opened {
  const database = new BetterSqlite3(path)
  const statements = new Map<string, BetterSqlite3.Statement>()
  const run = (table: string, row: Row): void => {
    const names = Object.keys(row)
    const sql = `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    statement.run(Object.values(row))
  }
  return {
    insert: (rows) =>
      database.transaction(() => {
        for (const row of rows) for (const [table, values] of Object.entries(row)) run(table, values)
      })(),
    run: (sql, ...values) => void database.prepare(sql).run(...values),
    [Symbol.dispose]: () => void database.close(),
  }
}
