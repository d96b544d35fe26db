import type { SqliteConnection } from './sqlite-connection.ts'

const WHOLE = { begin: 'BEGIN IMMEDIATE', commit: 'COMMIT', undo: 'ROLLBACK' }
const NESTED = {
  begin: 'SAVEPOINT nested',
  commit: 'RELEASE nested',
  undo: 'ROLLBACK TO nested; RELEASE nested',
}

/**
 * Does the work in a transaction that takes the write lock at once; inside another one, in a savepoint of it. If the work
 * or the commit throws, all of it is undone.
 */
export function immediately<Result>(connection: SqliteConnection, work: () => Result): Result {
  const { begin, commit, undo } = connection.inTransaction ? NESTED : WHOLE
  connection.exec(begin)
  try {
    const result = work()
    // The transaction would be over before the work is.
    if (result instanceof Promise) throw new TypeError('the work of a transaction returned a promise')
    connection.exec(commit)
    return result
  } catch (error) {
    // A full disk and some other errors have already ended the transaction.
    if (connection.inTransaction) connection.exec(undo)
    throw error
  }
}
