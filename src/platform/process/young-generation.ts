import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation at its initial size. Ferry streams short-lived buffers; their memory is outside the heap,
 * so a large young generation is hardly ever collected, and V8 frees them by full collections instead. Measured on
 * intake of 0.5 MB instances: 56 full collections become 1, and throughput rises by a third. Also frees them in the
 * thread that made them: the next buffer then reuses memory that is still in the cache (7 % less time an instance). It
 * affects the whole process, so only its composition root calls this, before anything else.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=1')
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}
