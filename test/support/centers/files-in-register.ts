import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SqlRow } from '../../../src/platform/sqlite.ts'
import { sqliteDriver } from '../../../src/platform/sqlite-driver/sqlite-driver.ts'
import type { RunningCenter } from './running-center.ts'

/** Returns the content of the files that the register names for a study. */
export function filesInRegister(center: RunningCenter, study: string): Buffer[] {
  const db = sqliteDriver().open(join(center.folder, 'register.sqlite'), { access: 'read' })
  const rows = db.prepare('SELECT file FROM instances WHERE study_uid = ?').all(study) as SqlRow[]
  db.close()
  return rows.map((row) => readFileSync(join(center.folder, 'instances', String(row['file']))))
}
