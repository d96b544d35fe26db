import { parentPort } from 'node:worker_threads'
import type { ImagePlace } from '../spool/stored-image.ts'
import { readSlots, SLOT_HEAD_BYTES } from './read-ahead-slots.ts'

// The thread of read-ahead.ts: receives places, returns the first and last bytes of their instances.
const scratch = Buffer.alloc(SLOT_HEAD_BYTES)

parentPort?.on('message', (places: readonly ImagePlace[]) => {
  const slots = readSlots(places, scratch)
  parentPort?.postMessage(slots, [slots.buffer])
})
