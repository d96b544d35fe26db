import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Pauses a device or an attacker between two of its acts: the pace is part of what it does, and no result is waited for.
 * `until` waits for results. An aborted signal ends the pause early, without an error.
 */
export async function keepPace(paceMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(paceMs, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    if (signal?.aborted !== true) throw cause
  }
}
