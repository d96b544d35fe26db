import type { AgentStatus } from '../../protocol/control-api.ts'

/** Packs on their way, as the dispatcher reports them. */
export interface Transfer {
  readonly bytesPerSecond: number | null
  readonly packs: readonly AgentStatus['sending']['packs'][number][]
}

/** Adds the time left: `unsentBytes` are those of everything that is queued or on its way. */
export function sendingView(
  { bytesPerSecond, packs }: Transfer,
  unsentBytes: number,
): AgentStatus['sending'] {
  const reached = packs.reduce((sum, { reachedBytes }) => sum + reachedBytes, 0)
  const left = Math.max(0, unsentBytes - reached)
  return {
    bytesPerSecond,
    secondsLeft: bytesPerSecond === null ? null : Math.ceil(left / bytesPerSecond),
    packs: [...packs],
  }
}
