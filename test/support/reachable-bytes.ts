import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects garbage, and returns the bytes of objects and buffers that are still reachable. The resident memory of a
 * process says less: V8 collects late on a machine with much memory.
 */
export function reachableBytes(): number {
  setFlagsFromString('--expose-gc')
  // Only a new context gets the function.
  const collect: NodeJS.GCFunction = runInNewContext('globalThis.gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
