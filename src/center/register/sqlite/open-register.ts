import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openOnFullDisk, releaseBallast } from '../../../platform/ballast.ts'
import { Database } from '../../../platform/sqlite.ts'
import type { Register } from '../register.ts'
import { REGISTER_FILE } from '../register-file.ts'
import { SqliteAccounts } from './sqlite-accounts.ts'
import { SqliteAgents } from './sqlite-agents.ts'
import { SqliteConditionTimes } from './sqlite-condition-times.ts'
import { SqliteHandOn } from './sqlite-hand-on.ts'
import { SqliteHeartbeats } from './sqlite-heartbeats.ts'
import { SqliteInstances } from './sqlite-instances.ts'
import { SqliteKeyLists } from './sqlite-key-lists.ts'
import { SqliteMessages } from './sqlite-messages.ts'
import { SqliteNotes } from './sqlite-notes.ts'
import { SqlitePacks } from './sqlite-packs.ts'
import { SqliteReceipts } from './sqlite-receipts.ts'
import { SqliteSilences } from './sqlite-silences.ts'
import { SqliteMarker, SqliteScrub } from './sqlite-store.ts'
import { SqliteStoredFiles } from './sqlite-stored-files.ts'

const SCHEMA_FOLDER = fileURLToPath(new URL('./schema', import.meta.url))

/**
 * Opens the register in a center's folder. A second process (the operator's command line) may open it while the center
 * runs: SQLite lets both read, and one write after the other.
 */
export function openRegister(folder: string): Register {
  const db = openDatabase(folder)
  return {
    accounts: new SqliteAccounts(db),
    agents: new SqliteAgents(db),
    heartbeats: new SqliteHeartbeats(db),
    conditionTimes: new SqliteConditionTimes(db),
    messages: new SqliteMessages(db),
    silences: new SqliteSilences(db),
    keyLists: new SqliteKeyLists(db),
    packs: new SqlitePacks(db),
    instances: new SqliteInstances(db),
    files: new SqliteStoredFiles(db),
    marker: new SqliteMarker(db),
    scrub: new SqliteScrub(db),
    receipts: new SqliteReceipts(db),
    handOn: new SqliteHandOn(db),
    notes: new SqliteNotes(db),
    close: () => db.close(),
  }
}

/** On a full disk the ballast is released: without its register the center could not even shut an agent out. */
function openDatabase(folder: string): Database {
  return openOnFullDisk(folder, () =>
    Database.open(join(folder, REGISTER_FILE), SCHEMA_FOLDER, () => releaseBallast(folder)),
  )
}
