import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { AgentStatus } from '../protocol/control-api.ts'
import { conditionsOfAgent } from '../protocol/report/agent-conditions.ts'
import type { Heartbeats, Report } from './heartbeats.ts'
import { OwnConditions } from './own-conditions.ts'
import type { Queue } from './queue/open-queue.ts'
import { CENTER } from './send/destination.ts'

interface WatchedAgent {
  readonly status: () => AgentStatus
  readonly queue: Pick<Queue, 'conditionTimes' | 'studies'>
  readonly heartbeats: Heartbeats
  readonly clock: Clock
  readonly log: Log
}

/** From now on the agent keeps the beginning of its conditions, and reports itself to the center. */
export function watchConditions({ status, queue, heartbeats, clock, log }: WatchedAgent): OwnConditions {
  const report = (): Report => {
    const now = status()
    const since = startOfDay(now.now)
    const today = { since, studies: queue.studies.countSince(CENTER, since) }
    return { status: now, conditions: conditionsOfAgent(now), today }
  }
  heartbeats.connect(report)
  const observed = heartbeats.observed.bind(heartbeats)
  return new OwnConditions({ status, times: queue.conditionTimes, observed, clock, log })
}

/** Returns the last midnight of this machine's time zone, ms since 1970. */
function startOfDay(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0)
}
