import { expect, test } from '@jest/globals'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { Database } from '../../src/platform/sqlite.ts'
import type { SqlValue } from '../../src/platform/sqlite-driver/sqlite-connection.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SCHEMA = new URL('../../src/center/register/sqlite/schema', import.meta.url).pathname
const VERSION = { sopInstanceUid: '1', dataSetSha256: 'x', transferSyntaxUid: '1' }
/** Rows that the operator or the disk has to do with, one by one; and what LIMIT ends in the order of the index. */
const MAY_BE_WALKED =
  /json_each|CONSTANT ROW|damaged_files|^SCAN (r|agents|notes|store_markers)$|INDEX (lost_instances|held_instances|packs_under_way|instances_(for_the_pacs|held_from_the_pacs|refused_by_the_pacs|unverified_at_the_pacs))$/

const walksOf = (database: Database, sql: string, values: readonly SqlValue[] = []): string[] =>
  database
    .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
    .map(({ detail }) => detail)
    .filter((step) => step.startsWith('SCAN ') && !MAY_BE_WALKED.test(step))

function openDatabase(folder: ReturnType<typeof tempFolder>): Database {
  return Database.open(folder.join('register.sqlite'), SCHEMA)
}

test('no question that the center asks its register goes through all instances, packs or manifests', async () => {
  using folder = tempFolder()
  using open = new DisposableStack()
  const statements = new Map<string, SqlValue[]>()
  // oxlint-disable-next-line typescript/unbound-method -- each is called on the database that it was called on
  const { all, get, run } = Database.prototype
  for (const [name, original] of Object.entries({ all, get, run })) {
    Object.assign(Database.prototype, {
      [name](this: Database, sql: string, ...values: SqlValue[]) {
        statements.set(sql, values)
        return original.call(this, sql, ...values)
      },
    })
  }
  open.defer(() => void Object.assign(Database.prototype, { all, get, run }))
  const register = open.adopt(openRegister(folder.path), (it) => it.close())
  const { handOn, packs, instances, receipts, files } = register
  await handOn.due(1, { instances: 10, bytes: 10 })
  await handOn.nextDueAt()
  await handOn.due(1, { instances: 10, bytes: 10 }, 'newest')
  await handOn.retry(1)
  await handOn.retry(1, '1')
  await handOn.retries()
  await handOn.adopt(() => true, 1, new AbortController().signal)
  await handOn.disown(() => false, 1)
  await handOn.count()
  await packs.unanswered()
  await packs.createdBefore(1)
  await packs.find('1')
  await instances.count()
  await instances.studies(0, 10)
  await instances.find(VERSION)
  await instances.names('x')
  await instances.holding('a', 'u', VERSION)
  await instances.held('waiting', 10)
  await receipts.manifestDigests('a', 's', 1)
  await receipts.unknown('a', ['x'])
  await receipts.inDoubt('a', ['x'])
  await receipts.pacsChanged('a', ['x'])
  await receipts.latest('x')
  await receipts.newest('a')
  await files.after(0, 10)
  await files.countLost()
  await files.lostOfStudy('1')
  const database = open.adopt(openDatabase(folder), (it) => it.close())
  const walks = Array.from(new Map(statements), ([sql, values]) => ({
    sql,
    walks: walksOf(database, sql, values),
  }))
  expect(walks.length).toBeGreaterThan(20)
  expect(walks.filter(({ walks: found }) => found.length > 0)).toEqual([])
})

test.each([
  "UPDATE instances SET pacs_next_at = 0 WHERE pacs_state IN ('waiting', 'refused')",
  'SELECT * FROM packs WHERE bytes > 1',
  'SELECT study_uid, max(stored_at) FROM instances NOT INDEXED WHERE stored_at >= 1 GROUP BY study_uid',
])('control: the same check finds the walk of %s', (sql) => {
  using folder = tempFolder()
  openRegister(folder.path).close()
  using open = new DisposableStack()
  const database = open.adopt(openDatabase(folder), (it) => it.close())
  expect(walksOf(database, sql)).not.toEqual([])
})
