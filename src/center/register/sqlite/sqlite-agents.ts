import type { Database } from '../../../platform/sqlite.ts'
import { CLONED_MS } from '../agent-runs.ts'
import type { Agent, AgentRegister, Invite, Joining } from '../register.ts'

const COLUMNS = `kid, public_key AS publicKey, name, own_name AS ownName, state, joined_at AS joinedAt,
  approved_at AS approvedAt, revoked_at AS revokedAt, last_seen_at AS lastSeenAt, losses,
  cloned_since AS clonedSince, cloned_at AS clonedAt`

export class SqliteAgents implements AgentRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async addInvite(invite: Invite): Promise<void> {
    const { tokenSha256, name, createdAt, expiresAt } = invite
    this.#db.durably(() =>
      this.#db.run(
        'INSERT INTO invites (token_sha256, name, created_at, expires_at) VALUES (?, ?, ?, ?)',
        tokenSha256,
        name,
        createdAt,
        expiresAt,
      ),
    )
  }

  async invite(tokenSha256: string): Promise<Invite | undefined> {
    const row = this.#db.get<Omit<Invite, 'isUsed'> & { usedBy: string | null }>(
      `SELECT token_sha256 AS tokenSha256, name, created_at AS createdAt, expires_at AS expiresAt, used_by AS usedBy
       FROM invites WHERE token_sha256 = ?`,
      tokenSha256,
    )
    return row && { ...row, isUsed: row.usedBy !== null }
  }

  async join(joining: Joining): Promise<Agent | undefined> {
    return this.#db.durably(() => {
      const invite = this.#goodInvite(joining)
      if (invite === undefined) return undefined
      if (this.#find(joining.kid) === undefined) this.#add(joining, invite.name)
      this.#db.run('UPDATE invites SET used_by = ? WHERE token_sha256 = ?', joining.kid, joining.tokenSha256)
      return this.#find(joining.kid)
    })
  }

  async find(kid: string): Promise<Agent | undefined> {
    return this.#find(kid)
  }

  async list(): Promise<Agent[]> {
    return this.#db.all<Agent>(`SELECT ${COLUMNS} FROM agents ORDER BY joined_at`)
  }

  async approve(kid: string, now: number): Promise<void> {
    this.#db.durably(() =>
      this.#db.run(
        `UPDATE agents SET state = 'approved', approved_at = ? WHERE kid = ? AND state = 'pending'`,
        now,
        kid,
      ),
    )
  }

  async revoke(kid: string, now: number): Promise<void> {
    this.#db.durably(() =>
      this.#db.run(
        `UPDATE agents SET state = 'revoked', revoked_at = ? WHERE kid = ? AND state <> 'revoked'`,
        now,
        kid,
      ),
    )
  }

  async unrevoke(kid: string): Promise<void> {
    this.#db.durably(() =>
      this.#db.run(
        `UPDATE agents SET state = iif(approved_at IS NULL, 'pending', 'approved'), revoked_at = NULL
         WHERE kid = ? AND state = 'revoked'`,
        kid,
      ),
    )
  }

  async seen(kid: string, now: number): Promise<void> {
    this.#db.run('UPDATE agents SET last_seen_at = ? WHERE kid = ?', now, kid)
  }

  async cloned(kid: string, now: number): Promise<void> {
    this.#db.run(
      `UPDATE agents SET cloned_since = iif(abs(? - coalesce(cloned_at, 0)) > ?, ?, cloned_since), cloned_at = ? WHERE kid = ?`,
      now,
      CLONED_MS,
      now,
      now,
      kid,
    )
  }

  #add({ kid, publicKey, ownName, now }: Joining, name: string): void {
    this.#db.run(
      `INSERT INTO agents (kid, public_key, name, own_name, state, joined_at)
       VALUES (?, ?, ?, ?, 'pending', ?)`,
      kid,
      publicKey,
      name,
      ownName,
      now,
    )
  }

  #find(kid: string): Agent | undefined {
    return this.#db.get<Agent>(`SELECT ${COLUMNS} FROM agents WHERE kid = ?`, kid)
  }

  /** A key that returns with the invite that it spent may be late: its first answer was lost. */
  #goodInvite({ tokenSha256, kid, now }: Joining): { name: string } | undefined {
    return this.#db.get<{ name: string }>(
      `SELECT name FROM invites
       WHERE token_sha256 = ? AND (used_by = ? OR (used_by IS NULL AND expires_at > ?))`,
      tokenSha256,
      kid,
      now,
    )
  }
}
