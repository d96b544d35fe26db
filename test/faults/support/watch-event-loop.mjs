// Preloaded: measures how long the event loop stood still. SIGUSR2 writes what was seen since the last time to the file that
// FERRY_LOOP_FILE names, and begins again.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const ms = (ns) => Math.round(ns / 1e5) / 10
const file = process.env.FERRY_LOOP_FILE
if (isMainThread && file) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  process.on('SIGUSR2', () => {
    writeFileSync(`${file}.new`, JSON.stringify({ maxMs: ms(delay.max), p999Ms: ms(delay.percentile(99.9)) }))
    renameSync(`${file}.new`, file)
    delay.reset()
  })
}
