import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for something that happens in its own time elsewhere (another process, a real socket). Asks every 50 ms and
 * throws what was seen last when it has not come true within `limitMs`.
 */
export async function until<Value>(
  ask: () => Value | Promise<Value>,
  isDone: (value: Value) => boolean,
  limitMs = 30_000,
): Promise<Value> {
  const started = performance.now()
  for (;;) {
    const value = await ask()
    if (isDone(value)) return value
    if (performance.now() - started > limitMs) {
      throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(value)}`)
    }
    await sleep(50)
  }
}
