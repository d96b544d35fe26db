import { readFileSync, writeFileSync } from 'node:fs'
import { findSpooled, isSpooled, type Spooled } from '../../../src/agent/queue/spool/spooled.ts'

export type { Spooled }

/** All whole instances of a spool, in files of their own and in segments, found without an index; in the order of arrival. */
export function spooledIn(spool: string): Spooled[] {
  return Array.from(findSpooled(spool))
    .filter(isSpooled)
    .toSorted((a, b) => (a.envelope.ulid < b.envelope.ulid ? -1 : 1))
}

/** The whole instance: envelope, age file and trailer. */
export const bytesOf = ({ path, offset, bytes }: Spooled): Buffer =>
  readFileSync(path).subarray(offset, offset + bytes)

/** Overwrites the instance with zeros: nothing of it is left. */
export function wipe(one: Spooled): void {
  change(one, (bytes) => bytes.fill(0))
}

/** Changes the bytes of the instance where they lie. */
export function change({ path, offset, bytes }: Spooled, work: (bytes: Buffer) => void): void {
  const whole = readFileSync(path)
  work(whole.subarray(offset, offset + bytes))
  writeFileSync(path, whole)
}
