import type { Database } from '../../../platform/sqlite.ts'
import { type Heartbeat, heartbeatSchema } from '../../../protocol/report/heartbeat.ts'
import type { HeartbeatRegister, ReceivedHeartbeat } from '../condition-register.ts'

export class SqliteHeartbeats implements HeartbeatRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async keep({ agent, receivedAt, clockOffsetMs, heartbeat }: ReceivedHeartbeat): Promise<void> {
    this.#db.run(
      'INSERT OR REPLACE INTO heartbeats (agent, received_at, clock_offset_ms, content) VALUES (?, ?, ?, ?)',
      agent,
      receivedAt,
      Math.round(clockOffsetMs),
      JSON.stringify(heartbeat),
    )
  }

  /** Leaves out one that another version of the center wrote in another form. */
  async list(): Promise<ReceivedHeartbeat[]> {
    return this.#db
      .all<Omit<ReceivedHeartbeat, 'heartbeat'> & { content: string }>(
        'SELECT agent, received_at AS receivedAt, clock_offset_ms AS clockOffsetMs, content FROM heartbeats',
      )
      .flatMap(({ content, ...rest }) => {
        const heartbeat = heartbeatOf(content)
        return heartbeat === undefined ? [] : [{ ...rest, heartbeat }]
      })
  }
}

function heartbeatOf(content: string): Heartbeat | undefined {
  return heartbeatSchema.safeParse(JSON.parse(content)).data
}
