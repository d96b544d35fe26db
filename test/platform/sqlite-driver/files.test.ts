import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { immediately } from '../../../src/platform/sqlite-driver/immediately.ts'
import type { SqliteConnection } from '../../../src/platform/sqlite-driver/sqlite-connection.ts'
import { resultCodeName } from '../../../src/platform/sqlite-driver/sqlite-result-codes.ts'
import { describeWithSmallDisks, SmallDisk } from '../../faults/support/disk-mount.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { codeOf, describeEachDriver, type Open } from './drivers.ts'

const PAGE = Buffer.alloc(4000, 1)

function filled(open: Open, path: string, rows = 100): SqliteConnection {
  const connection = open(path)
  connection.pragma('journal_mode = WAL')
  connection.exec(
    'CREATE TABLE row (id INTEGER PRIMARY KEY, bytes BLOB) STRICT; CREATE INDEX i ON row (bytes)',
  )
  immediately(connection, () => add(connection, rows))
  return connection
}

function add(connection: SqliteConnection, rows: number): void {
  const statement = connection.prepare('INSERT INTO row (bytes) VALUES (?)')
  for (let i = 0; i < rows; i++) statement.run(PAGE)
}

const count = (connection: SqliteConnection): unknown =>
  connection.prepare('SELECT count(*) AS n FROM row').get()

describeEachDriver('files', (open, others) => {
  test('what one driver writes is read by each', () => {
    using folder = tempFolder()
    const path = folder.join('数据 库.sqlite')
    filled(open, path).close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    for (const other of others) {
      const connection = other(path, { access: 'write' })
      expect(count(connection)).toEqual({ n: 100 })
      expect(connection.pragma('quick_check(1)')).toBe('ok')
      connection.close()
    }
  })

  test('a missing file is made only on request, and a missing folder never', () => {
    using folder = tempFolder()
    const path = folder.join('100%25 #1.sqlite')
    const use = (access: 'read' | 'write'): unknown => open(path, { access }).pragma('user_version')
    expect(codeOf(() => use('write'))).toBe('SQLITE_CANTOPEN')
    expect(codeOf(() => use('read'))).toBe('SQLITE_CANTOPEN')
    expect(existsSync(path)).toBe(false)
    expect(codeOf(() => open(folder.join('none', 'rows.sqlite')))).toBe('SQLITE_CANTOPEN')
    filled(open, path).close()
    expect(existsSync(path)).toBe(true)
    expect(use('write')).toBe(0)
  })

  test('a connection for reading cannot write', () => {
    using folder = tempFolder()
    filled(open, folder.join('rows.sqlite')).close()
    const connection = open(folder.join('rows.sqlite'), { access: 'read' })
    expect(codeOf(() => add(connection, 1))).toBe('SQLITE_READONLY')
    connection.close()
  })

  test('a file that is not a database, and one that is cut, are named so', () => {
    using folder = tempFolder()
    const path = folder.join('rows.sqlite')
    filled(open, path).close()
    const use = (): unknown => {
      const connection = open(path)
      try {
        return connection.prepare('SELECT count(bytes) FROM row NOT INDEXED').get()
      } finally {
        connection.close()
      }
    }
    const whole = readFileSync(path)
    truncateSync(path, 40 * 4096)
    expect(codeOf(use)).toBe('SQLITE_CORRUPT')
    writeFileSync(path, Buffer.concat([Buffer.from('no SQLite header'), whole.subarray(16)]))
    expect(codeOf(use)).toBe('SQLITE_NOTADB')
    writeFileSync(path, whole.fill(0x5a, 4096, 8192))
    expect(codeOf(use)).toBe('SQLITE_CORRUPT')
    mkdirSync(folder.join('folder.sqlite'))
    expect(codeOf(() => open(folder.join('folder.sqlite')))).toMatch(/^SQLITE_CANTOPEN/)
  })

  test('a closed connection refuses work, and can be closed again', () => {
    const connection = open(':memory:')
    const statement = connection.prepare('SELECT 1')
    connection.close()
    connection.close()
    expect(connection.inTransaction).toBe(false)
    expect(codeOf(() => statement.get())).toMatch(/Error$/)
    expect(codeOf(() => connection.exec('SELECT 1'))).toMatch(/Error$/)
  })

  test('what contradicts a foreign key or is not SQL is named so', () => {
    const connection = open(':memory:')
    connection.exec('CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a)')
    expect(codeOf(() => connection.prepare('INSERT INTO b VALUES (?)').run(1))).toBe(
      'SQLITE_CONSTRAINT_FOREIGNKEY',
    )
    expect(codeOf(() => connection.prepare('SELEC 1'))).toBe('SQLITE_ERROR')
    expect(codeOf(() => connection.prepare('SELECT "text in wrong quotes"'))).toBe('SQLITE_ERROR')
    connection.close()
  })

  describeWithSmallDisks('disks', () => {
    test('a full disk undoes the transaction, and later ones go on', () => {
      using folder = tempFolder()
      using disk = new SmallDisk(folder.join('disk'), 'size=4m')
      const connection = filled(open, `${disk.path}/rows.sqlite`, 10)
      disk.fill(64 * 1024)
      expect(codeOf(() => immediately(connection, () => add(connection, 100)))).toBe('SQLITE_FULL')
      expect(connection.inTransaction).toBe(false)
      expect(count(connection)).toEqual({ n: 10 })
      disk.clean()
      immediately(connection, () => add(connection, 10))
      expect(count(connection)).toEqual({ n: 20 })
      connection.close()
    })

    test('a folder that is read-only is named so', async () => {
      using folder = tempFolder()
      using disk = new SmallDisk(folder.join('disk'), 'size=4m')
      filled(open, `${disk.path}/rows.sqlite`).close()
      await disk.makeReadOnly()
      const use = (path: string): unknown => {
        const connection = open(path)
        try {
          return immediately(connection, () => add(connection, 1))
        } finally {
          connection.close()
        }
      }
      expect(codeOf(() => use(`${disk.path}/rows.sqlite`))).toMatch(/^SQLITE_(CANTOPEN|READONLY)/)
      expect(codeOf(() => use(`${disk.path}/other.sqlite`))).toMatch(/^SQLITE_CANTOPEN/)
      disk.makeWritable()
    })
  })
})

test('every result code has the name that SQLite gives it', () => {
  const whole = readFileSync('node_modules/better-sqlite3/deps/sqlite3/sqlite3.h', 'utf8')
  const header = whole.slice(0, whole.indexOf('#define SQLITE_OPEN_READONLY'))
  const primary = Array.from(
    header.matchAll(/^#define (SQLITE_[A-Z]+) +(\d+) +\/\*/gm),
    ([, name = '', number]) => ({
      name,
      code: Number(number),
    }),
  ).filter(({ code }) => code > 0)
  const extended = header.matchAll(/^#define (SQLITE_([A-Z]+)_\w+) +\(SQLITE_\2 *\| *\((\d+)<<8\)\)/gm)
  const codes = primary.concat(
    Array.from(extended, ([, name = '', of, number]) => ({
      name,
      code: (primary.find((one) => one.name === `SQLITE_${of}`)?.code ?? 0) + 256 * Number(number),
    })).filter(({ name }) => !name.startsWith('SQLITE_OK')),
  )
  expect(codes.length).toBeGreaterThan(90)
  const wrong = codes.filter(({ code, name }) => resultCodeName(code) !== name)
  expect(wrong).toEqual([])
  expect(resultCodeName(10 + 256 * 250)).toBe('SQLITE_IOERR')
})
