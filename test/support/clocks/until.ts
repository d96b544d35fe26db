import { setTimeout as sleep } from 'node:timers/promises'

const LONGEST_PAUSE_MS = 50

/**
 * Waits for something that happens in its own time elsewhere (another process, a real socket). Asks after 5 ms, later every
 * 50 ms, and throws the last answer if the condition is not true within `limitMs`, also if a question gets no answer at all.
 */
export async function until<Value>(
  ask: () => Value | Promise<Value>,
  isDone: (value: Value) => boolean,
  limitMs = 30_000,
): Promise<Value> {
  const began = performance.now()
  const deadline = began + limitMs
  let lastSeen: Value | undefined
  for (;;) {
    const answer = await answerBefore(deadline, ask)
    if (answer !== undefined) {
      if (isDone(answer.value)) return answer.value
      lastSeen = answer.value
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(lastSeen)}`)
    }
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(5, (performance.now() - began) / 4)))
  }
}

async function answerBefore<Value>(deadline: number, ask: () => Value | Promise<Value>) {
  const timer = new AbortController()
  const { signal } = timer
  const tooLate = sleep(Math.max(1, deadline - performance.now()), undefined, { signal })
  try {
    const answered = Promise.resolve(ask()).then((value) => ({ value }))
    return await Promise.race([answered, tooLate])
  } finally {
    tooLate.catch(() => undefined)
    timer.abort()
  }
}
