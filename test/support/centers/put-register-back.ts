import BetterSqlite3 from 'better-sqlite3'

/** As `sqlite3 FILE ".backup COPY"` does it: the database may be in use. */
export async function backUp(file: string, copy: string): Promise<void> {
  using database = open(file)
  await database.value.backup(copy)
}

/** As `sqlite3 FILE ".restore COPY"` does it, also under a process that has the database open. */
export async function restoreUnder(file: string, copy: string): Promise<void> {
  await backUp(copy, file)
}

function open(file: string): Disposable & { value: BetterSqlite3.Database } {
  const value = new BetterSqlite3(file)
  return { value, [Symbol.dispose]: () => void value.close() }
}
