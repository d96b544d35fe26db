import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { type Heartbeat, heartbeatSchema } from '../../protocol/report/heartbeat.ts'
import { readText } from '../http/http-answer.ts'
import type { RecordBudget } from '../receipts/record-budget.ts'
import type { HeartbeatRegister } from '../register/condition-register.ts'
import type { Agent } from '../register/register.ts'

const HEARTBEAT_LIMIT_BYTES = 256 * 1024
/** Times are changed to the center's clock only if the clocks differ by more: else they would move with every request. */
const TOLERANCE_MS = 30_000

/** Accepts what agents report about themselves, within the agent's share of records. */
export class HeartbeatDoor {
  readonly #heartbeats: HeartbeatRegister
  readonly #budget: RecordBudget
  readonly #clock: Clock

  constructor(heartbeats: HeartbeatRegister, budget: RecordBudget, clock: Clock) {
    this.#heartbeats = heartbeats
    this.#budget = budget
    this.#clock = clock
  }

  /** Throws CENTER_BUSY, PROTOCOL_VIOLATION, DATABASE_ERROR. */
  async take({ kid: agent }: Agent, request: IncomingMessage): Promise<void> {
    const attempted = 'taking a heartbeat'
    this.#budget.check(agent, attempted)
    const text = await readText(request, HEARTBEAT_LIMIT_BYTES)
    this.#budget.charge(agent, text.length)
    const told = parseJson(text, heartbeatSchema, 'PROTOCOL_VIOLATION', 'reading a heartbeat')
    const receivedAt = this.#clock.now()
    const clockOffsetMs = clockOffset(told, receivedAt)
    const heartbeat = Math.abs(clockOffsetMs) > TOLERANCE_MS ? atCenterTime(told, clockOffsetMs) : told
    await this.#heartbeats.keep({ agent, receivedAt, clockOffsetMs, heartbeat })
  }
}

/**
 * How far the agent's clock is certainly ahead. A slow line makes the difference at the arrival here too small, and the
 * agent's own measure, from the center's last answer, too large.
 */
function clockOffset({ now, clockOffsetMs: own }: Heartbeat, receivedAt: number): number {
  const here = now - receivedAt
  if (own === null) return here
  if (here <= 0 && own >= 0) return 0
  return Math.abs(here) < Math.abs(own) ? here : own
}

function atCenterTime(told: Heartbeat, offsetMs: number): Heartbeat {
  const shift = (time: number): number => Math.max(0, Math.round(time - offsetMs))
  const shiftAny = (time: number | null): number | null => (time === null ? null : shift(time))
  return {
    ...told,
    startedAt: shift(told.startedAt),
    backlog: { ...told.backlog, oldestAt: shiftAny(told.backlog.oldestAt) },
    today: { ...told.today, since: shift(told.today.since) },
    devices: told.devices.map((device) => ({
      ...device,
      lastSeenAt: shift(device.lastSeenAt),
      lastImageAt: shiftAny(device.lastImageAt),
    })),
    conditions: told.conditions.map((condition) => ({ ...condition, since: shiftAny(condition.since) })),
  }
}
