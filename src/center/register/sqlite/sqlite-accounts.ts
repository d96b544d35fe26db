import type { Database } from '../../../platform/sqlite.ts'
import type { Role } from '../../../protocol/page/center-page-api.ts'
import type { Account, AccountRegister } from '../account-register.ts'

interface AccountRow extends Omit<Account, 'isFirst'> {
  readonly isFirst: number
}

export class SqliteAccounts implements AccountRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async list(): Promise<Account[]> {
    return this.#db.all<AccountRow>(`${SELECT} ORDER BY name`).map(accountOf)
  }

  async find(name: string): Promise<Account | undefined> {
    const row = this.#db.get<AccountRow>(`${SELECT} WHERE name = ?`, name)
    return row && accountOf(row)
  }

  async add({ name, role, password, isFirst, createdAt }: Account): Promise<boolean> {
    return this.#changes(
      'INSERT OR IGNORE INTO accounts (name, role, password, is_first, created_at) VALUES (?, ?, ?, ?, ?)',
      name,
      role,
      password,
      isFirst ? 1 : 0,
      createdAt,
    )
  }

  async setPassword(name: string, password: string, isFirst: boolean): Promise<boolean> {
    const sql = 'UPDATE accounts SET password = ?, is_first = ? WHERE name = ?'
    return this.#changes(sql, password, isFirst ? 1 : 0, name)
  }

  async setRole(name: string, role: Role): Promise<boolean> {
    return this.#changes('UPDATE accounts SET role = ? WHERE name = ?', role, name)
  }

  async remove(name: string): Promise<boolean> {
    return this.#changes('DELETE FROM accounts WHERE name = ?', name)
  }

  async signedIn(name: string, at: number): Promise<void> {
    this.#db.run('UPDATE accounts SET signed_in_at = ? WHERE name = ?', at, name)
  }

  #changes(sql: string, ...values: (string | number)[]): boolean {
    return this.#db.durably(() => this.#db.run(sql, ...values)) > 0
  }
}

const SELECT = `
  SELECT name, role, password, is_first AS isFirst, created_at AS createdAt, signed_in_at AS signedInAt FROM accounts`

const accountOf = (row: AccountRow): Account => ({ ...row, isFirst: row.isFirst === 1 })
