import { systemClock } from './clock.ts'
import { systemCode } from './failure.ts'

const HELD: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])
const AGAIN_MS = 50
const LIMIT_MS = 2000

/**
 * Does a rename or a removal, and on Windows repeats one that is refused for up to 2 s: a virus scanner or an indexer
 * that has the file open keeps Windows from moving it, for a moment. Fails with the last error.
 */
export async function retryWhileHeld<Result>(operation: () => Promise<Result>): Promise<Result> {
  const untilMs = systemClock.monotonicMs() + LIMIT_MS
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      const isHeld = process.platform === 'win32' && HELD.has(systemCode(error) ?? '')
      if (!isHeld || systemClock.monotonicMs() > untilMs) throw error
      await systemClock.sleep(AGAIN_MS)
    }
  }
}
