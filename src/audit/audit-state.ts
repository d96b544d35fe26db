import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Database } from '../platform/sqlite.ts'
import type { AuditEnd } from './audit-line.ts'

const FILE = 'state.sqlite'
const SCHEMA_FOLDER = fileURLToPath(new URL('./schema', import.meta.url))

/** The end of the trail as its writer has signed it, and where it is. */
export interface AuditHead extends AuditEnd {
  readonly file: string
  readonly bytes: number
  readonly signature: string
  /** Fingerprint of the key that signed it. */
  readonly kid: string
}

/** Keeps the end of the trail, and how far it was sent. Throws DATABASE_ERROR and STORAGE_FULL. */
export class AuditState implements Disposable {
  readonly #database: Database

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#database = Database.open(join(folder, FILE), SCHEMA_FOLDER)
  }

  /** While `work` runs, no other process writes the trail; the head that it keeps is durable when this returns. */
  alone<Result>(work: () => Result): Result {
    return this.#database.durably(work)
  }

  head(): AuditHead | undefined {
    return this.#database.get<AuditHead & Record<string, string | number>>(
      'SELECT sequence, digest, file, bytes, signature, kid FROM head',
    )
  }

  keepHead({ sequence, digest, file, bytes, signature, kid }: AuditHead): void {
    this.#database.run(
      'INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?, ?)',
      sequence,
      digest,
      file,
      bytes,
      signature,
      kid,
    )
  }

  /** The last line that was sent; 0 = none. */
  sent(): number {
    return this.#database.get<{ sequence: number }>('SELECT sequence FROM sent')?.sequence ?? 0
  }

  keepSent(sequence: number): void {
    this.#database.durably(() => this.#database.run('INSERT OR REPLACE INTO sent VALUES (1, ?)', sequence))
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
