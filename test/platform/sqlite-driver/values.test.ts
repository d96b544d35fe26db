import { expect, test } from '@jest/globals'
import { countParameters } from '../../../src/platform/sqlite-driver/count-parameters.ts'
import type { SqliteConnection, SqlValue } from '../../../src/platform/sqlite-driver/sqlite-connection.ts'
import { codeOf, describeEachDriver } from './drivers.ts'

describeEachDriver('values', (open) => {
  const withMemory = (work: (connection: SqliteConnection) => void): void => {
    const connection = open(':memory:')
    try {
      work(connection)
    } finally {
      connection.close()
    }
  }

  const kept: [what: string, value: SqlValue][] = [
    ['null', null],
    ['an integer', 5],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER],
    ['the smallest exact integer', Number.MIN_SAFE_INTEGER],
    ['a fraction', 0.1],
    ['minus zero', -0],
    ['infinity', Number.POSITIVE_INFINITY],
    ['no text', ''],
    ['a text with a zero byte', 'a\0b'],
    ['Chinese and an emoji', '影渡😀'],
    ['no bytes', Buffer.alloc(0)],
    ['bytes', Buffer.from([0, 255, 1])],
    ['a part of a buffer', Buffer.from('abcdef').subarray(2, 4)],
  ]

  test.each(kept)('%s comes back as it was bound', (_what, value) =>
    withMemory((connection) => {
      const statement = connection.prepare('SELECT ? AS value')
      const [expected, row] = [{ value }, statement.get(value)]
      expect(row).toEqual(expected)
      expect(statement.all(value)).toEqual([expected])
      const { value: back } = row as { value: SqlValue }
      expect(Buffer.isBuffer(back)).toBe(Buffer.isBuffer(value))
    }),
  )

  test('a blob of 64 MiB comes back byte by byte', () =>
    withMemory((connection) => {
      connection.exec('CREATE TABLE row (bytes BLOB) STRICT')
      const bytes = Buffer.alloc(64 * 1024 * 1024, 'influenza')
      connection.prepare('INSERT INTO row VALUES (?)').run(bytes)
      const row = connection.prepare('SELECT bytes FROM row').get() as { bytes: Buffer }
      expect(row.bytes.equals(bytes)).toBe(true)
    }))

  test('a number is stored by the type of its column', () =>
    withMemory((connection) => {
      connection.exec('CREATE TABLE row (i INTEGER, r REAL, t TEXT, a ANY) STRICT')
      connection.prepare('INSERT INTO row VALUES (?, ?, ?, ?)').run(5, 5, 5, 5)
      const types = connection
        .prepare('SELECT typeof(i) i, typeof(r) r, typeof(t) t, typeof(a) a FROM row')
        .get()
      expect(types).toEqual({ i: 'integer', r: 'real', t: 'text', a: 'real' })
      expect(codeOf(() => connection.prepare('INSERT INTO row (i) VALUES (?)').run('x'))).toBe(
        'SQLITE_CONSTRAINT_DATATYPE',
      )
    }))

  test('undefined is NULL, and a boolean is refused', () =>
    withMemory((connection) => {
      const statement = connection.prepare('SELECT ? AS value')
      expect(statement.get(undefined as never)).toEqual({ value: null })
      expect(codeOf(() => statement.get(true as never))).toBe('TypeError')
    }))

  test('a value too many or too few is refused', () =>
    withMemory((connection) => {
      const statement = connection.prepare("SELECT ? AS a, '?' AS b, ? AS c -- ?")
      expect(statement.get(1, 2)).toEqual({ a: 1, b: '?', c: 2 })
      expect(codeOf(() => statement.get(1))).toBe('RangeError')
      expect(codeOf(() => statement.get(1, 2, 3))).toBe('RangeError')
      connection.exec('CREATE TABLE row (a) ')
      expect(codeOf(() => connection.prepare('INSERT INTO row VALUES (?)').run())).toBe('RangeError')
    }))

  test('rows are asked of a statement that returns them, and changes counted of one that makes them', () =>
    withMemory((connection) => {
      const run = (sql: string): number => connection.prepare(sql).run().changes
      expect(codeOf(() => connection.prepare('CREATE TABLE row (a INTEGER)').all())).toBe('TypeError')
      expect(run('CREATE TABLE row (a INTEGER)')).toBe(0)
      expect(run('INSERT INTO row VALUES (1), (2), (3)')).toBe(3)
      expect(run('CREATE TABLE other (a INTEGER)')).toBe(0)
      expect(
        run('CREATE TRIGGER copied AFTER UPDATE ON row BEGIN INSERT INTO other VALUES (new.a); END'),
      ).toBe(0)
      expect(run('UPDATE row SET a = a + 1 WHERE a > 1')).toBe(2)
      expect(run('WITH some AS (SELECT 2 AS a) DELETE FROM row WHERE a IN (SELECT a FROM some)')).toBe(0)
      expect(run('DELETE FROM row')).toBe(3)
      expect(connection.prepare('SELECT * FROM row').all()).toEqual([])
      expect(connection.prepare('SELECT * FROM row').get()).toBeUndefined()
      expect(connection.prepare('INSERT INTO row VALUES (4) RETURNING a').all()).toEqual([{ a: 4 }])
    }))
})

test('only question marks that are parameters are counted', () => {
  expect(countParameters("SELECT ?, '?''?', \"?\", `?`, [?], /* ? */ ? -- ?\n, ?")).toBe(3)
})
