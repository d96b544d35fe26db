import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { describe } from '@jest/globals'

const LIBRARY = globSync([
  '/usr/lib/*/faketime/libfaketimeMT.so.1',
  '/usr/lib{,64}/faketime/libfaketimeMT.so.1',
])[0]

/**
 * The wall clock of one process, which a test sets; its monotonic clock goes on, as in a PC whose time is corrected.
 * `wrapper` precedes the program.
 */
export class WallClock {
  readonly #file: string
  readonly wrapper: readonly string[]

  constructor(file: string, timeZone = 'UTC') {
    this.#file = file
    this.set('+0')
    this.wrapper = [
      'env',
      `LD_PRELOAD=${LIBRARY ?? 'none'}`,
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'DONT_FAKE_MONOTONIC=1',
      'NO_FAKE_STAT=1',
      `TZ=${timeZone}`,
    ]
  }

  /** `+10d` and `-10d` from the true time, or `@1970-01-01 00:00:10` in the time zone of the process. */
  set(time: string): void {
    writeFileSync(this.#file, `${time}\n`)
  }
}

/** Holds tests that set the clock of a process: without libfaketime they are shown as skipped. */
export function describeWithFaketime(title: string, tests: () => void): void {
  const present = LIBRARY !== undefined
  const group = present ? describe : describe.skip
  group(present ? title : `${title} (libfaketime is not here)`, tests)
}

/** Seconds of processor time that a process has used so far (proc(5): utime and stime, in hundredths). */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
