import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe } from '@jest/globals'

/** The one that Debian's python3-odil belongs to, whatever else is first on the path. */
const PYTHON = '/usr/bin/python3'
const SCRIPT = join(import.meta.dirname, 'odil-peer.py')

/** Holds tests that need Odil, a DICOM implementation with DIMSE and codecs of its own: without it, they are skipped. */
export function describeWithOdil(title: string, tests: () => void): void {
  const isThere = spawnSync(PYTHON, ['-c', 'import odil']).status === 0
  const group = isThere ? describe : describe.skip
  group(isThere ? title : `${title} (python3-odil is not installed)`, tests)
}

interface OdilEvent {
  readonly event: string
  readonly [field: string]: unknown
}

/** A run of test/support/peers/odil-peer.py: what it tells, in its order. */
export class OdilPeer implements AsyncDisposable {
  readonly #process
  readonly #told: Promise<OdilEvent[]>
  readonly #first = Promise.withResolvers<void>()

  constructor(role: 'scu' | 'scp', port: number, ...more: readonly string[]) {
    this.#process = spawn(PYTHON, [SCRIPT, role, String(port), ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#told = this.#listen()
  }

  /** Resolves when it has told something. */
  get firstEvent(): Promise<void> {
    return this.#first.promise
  }

  /** All that it has told when it is done. */
  get told(): Promise<OdilEvent[]> {
    return this.#told
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit')
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended
  }

  async #listen(): Promise<OdilEvent[]> {
    const events: OdilEvent[] = []
    for await (const line of createInterface({ input: this.#process.stdout })) {
      events.push(JSON.parse(line) as OdilEvent)
      this.#first.resolve()
    }
    return events
  }
}
