import { setTimeout as delay } from 'node:timers/promises'
import type { AgentProcess } from '../ferry-pair.ts'
import { LiveLine } from './print.ts'

const WITHIN_MS = 120_000
const ASK_EVERY_MS = 500

/** Shows the counts that `ferry status` shows until the center has signed for all; `arrived` says how many were answered. */
export async function showProgress(
  agent: AgentProcess,
  instances: number,
  arrived: () => number,
): Promise<void> {
  const line = new LiveLine()
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { deliveries, alarms } = await agent.status()
    const { delivered, confirmed } = deliveries
    line.show(
      `          arrived ${arrived()}/${instances} · delivered ${delivered + confirmed} · confirmed ${confirmed}`,
    )
    if (confirmed === instances) break
    if (alarms.length > 0) throw new Error(alarms.map(({ message }) => message).join('; '))
    if (performance.now() > deadline)
      throw new Error(`${confirmed} of ${instances} confirmed after ${WITHIN_MS / 1000} s`)
    await delay(ASK_EVERY_MS)
  }
  line.end()
}
