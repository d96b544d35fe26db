import { expect, test } from '@jest/globals'
import { immediately } from '../../../src/platform/sqlite-driver/immediately.ts'
import type { SqliteConnection } from '../../../src/platform/sqlite-driver/sqlite-connection.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { codeOf, describeEachDriver } from './drivers.ts'

const add = (connection: SqliteConnection, a: number): unknown =>
  connection.prepare('INSERT INTO row VALUES (?)').run(a)
const rows = (connection: SqliteConnection): unknown[] =>
  (connection.prepare('SELECT a FROM row ORDER BY a').all() as { a: number }[]).map(({ a }) => a)
const fail = (): never => {
  throw new Error('no')
}

describeEachDriver('transactions', (open) => {
  function opened(path: string): SqliteConnection {
    const connection = open(path, { timeoutMs: 50 })
    connection.pragma('journal_mode = WAL')
    connection.exec('CREATE TABLE IF NOT EXISTS row (a INTEGER PRIMARY KEY) STRICT')
    return connection
  }

  test('a transaction that fails is undone, and one within it is undone alone', () => {
    const connection = opened(':memory:')
    expect(codeOf(() => immediately(connection, () => (add(connection, 1), fail())))).toBe('Error')
    expect(rows(connection)).toEqual([])
    immediately(connection, () => {
      add(connection, 2)
      expect(connection.inTransaction).toBe(true)
      expect(codeOf(() => immediately(connection, () => (add(connection, 3), fail())))).toBe('Error')
      immediately(connection, () => immediately(connection, () => add(connection, 4)))
    })
    expect(connection.inTransaction).toBe(false)
    expect(rows(connection)).toEqual([2, 4])
    connection.close()
  })

  test('a promise is not waited for in a transaction: it is undone', () => {
    const connection = opened(':memory:')
    expect(codeOf(() => immediately(connection, () => (add(connection, 1), Promise.resolve())))).toBe(
      'TypeError',
    )
    expect(rows(connection)).toEqual([])
    connection.close()
  })

  test('a row that another one contradicts leaves the transaction open', () => {
    const connection = opened(':memory:')
    immediately(connection, () => {
      add(connection, 1)
      expect(codeOf(() => add(connection, 1))).toBe('SQLITE_CONSTRAINT_PRIMARYKEY')
      add(connection, 2)
    })
    expect(rows(connection)).toEqual([1, 2])
    connection.close()
  })

  test('a reader sees the last commit while another connection writes, and a second writer is told to wait', () => {
    using folder = tempFolder()
    const path = folder.join('rows.sqlite')
    const writer = opened(path)
    const reader = open(path, { access: 'read', timeoutMs: 50 })
    const second = open(path, { access: 'write', timeoutMs: 50 })
    immediately(writer, () => {
      add(writer, 1)
      expect(rows(reader)).toEqual([])
      const since = performance.now()
      expect(codeOf(() => immediately(second, () => add(second, 2)))).toBe('SQLITE_BUSY')
      expect(performance.now() - since).toBeGreaterThan(40)
    })
    expect(rows(reader)).toEqual([1])
    immediately(second, () => add(second, 2))
    expect(rows(writer)).toEqual([1, 2])
    reader.close()
    second.close()
    writer.close()
  })

  test('a reader that began before a commit cannot write after it', () => {
    using folder = tempFolder()
    const path = folder.join('rows.sqlite')
    const [writer, late] = [opened(path), opened(path)]
    late.exec('BEGIN')
    expect(rows(late)).toEqual([])
    immediately(writer, () => add(writer, 1))
    expect(codeOf(() => add(late, 2))).toBe('SQLITE_BUSY_SNAPSHOT')
    late.close()
    writer.close()
  })
})
