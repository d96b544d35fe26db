import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Milliseconds from the load of the program. A usual start takes one or two seconds. */
const AFTER = 10_000

/**
 * Collects once what the start of the process left behind: garbage, and compiled code that ran only then. An idle agent
 * allocates so little that V8 collects neither by itself. It affects the whole process, so only its composition root
 * calls this.
 */
export function collectStartUpGarbage(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc')
    // Only a new context gets the function.
    const collect: NodeJS.GCFunction | undefined = runInNewContext('globalThis.gc')
    setFlagsFromString('--no-expose-gc')
    collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }, AFTER).unref()
}
