// Opens a database in a process of its own, brings it up to the schema in a folder, and says which version it then has:
// for tests that stop it in the middle.
import { Failure } from '../../../src/platform/failure.ts'
import { Database } from '../../../src/platform/sqlite.ts'

const [, , path = '', schemaFolder = ''] = process.argv
try {
  const database = Database.open(path, schemaFolder)
  process.stdout.write(`${JSON.stringify(database.get('PRAGMA user_version'))}\n`)
  database.close()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stdout.write(`${error.code} ${error.message}\n`)
  process.exitCode = 1
}
