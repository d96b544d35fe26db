import { parentPort } from 'node:worker_threads'
import { readSlots, SLOT_HEAD_BYTES } from './read-ahead-slots.ts'

// The thread of read-ahead.ts: receives paths, returns the first and last bytes of their files.
const scratch = Buffer.alloc(SLOT_HEAD_BYTES)

parentPort?.on('message', (paths: readonly string[]) => {
  const slots = readSlots(paths, scratch)
  parentPort?.postMessage(slots, [slots.buffer])
})
