// Preloaded: measures how long the event loop was blocked, and for how long of that the thread itself was at work (the rest is
// waiting for the disk, or for a machine that is busy with others). SIGUSR2 writes what was seen since the last time to the file
// that FERRY_LOOP_FILE names, and begins again.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const EVERY_MS = 5
const file = process.env.FERRY_LOOP_FILE
const ms = (ns) => Math.round(ns / 1e5) / 10

if (isMainThread && file) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let [before, maxUs] = [process.threadCpuUsage(), 0]
  // Between two calls there are one long turn or some short ones.
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    maxUs = Math.max(maxUs, user + system)
    before = process.threadCpuUsage()
  }, EVERY_MS).unref()
  process.on('SIGUSR2', () => {
    const figures = { maxMs: ms(delay.max), p999Ms: ms(delay.percentile(99.9)), maxCpuMs: ms(maxUs * 1000) }
    writeFileSync(`${file}.new`, JSON.stringify(figures))
    renameSync(`${file}.new`, file)
    delay.reset()
    maxUs = 0
  })
}
