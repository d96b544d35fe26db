import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe } from '@jest/globals'

/** The one that Debian's python3-hl7 belongs to, whatever else is first on the path. */
const PYTHON = '/usr/bin/python3'
const SCRIPT = join(import.meta.dirname, 'python-hl7-peer.py')

/** Holds tests that need python3-hl7: without it, they are skipped. */
export function describeWithPythonHl7(title: string, tests: () => void): void {
  const isThere = spawnSync(PYTHON, ['-c', 'import hl7']).status === 0
  const group = isThere ? describe : describe.skip
  group(isThere ? title : `${title} (python3-hl7 is not installed)`, tests)
}

/** An acknowledgement as the peer reads it: MSA-1, MSA-2, MSA-3. */
interface PeerAnswer {
  readonly code: string
  readonly id: string
  readonly text: string
}

/** Sends messages over one connection; resolves to the answers. `encoding` is one of Python's. */
export async function sendByPythonHl7(
  port: number,
  messages: readonly { readonly text: string; readonly encoding: string }[],
): Promise<PeerAnswer[]> {
  const child = spawn(PYTHON, [SCRIPT, String(port)], { stdio: ['pipe', 'pipe', 'pipe'] })
  const trouble = text(child.stderr)
  child.stdin.end(messages.map((message) => `${JSON.stringify(message)}\n`).join(''))
  const answers: PeerAnswer[] = []
  for await (const line of createInterface({ input: child.stdout }))
    answers.push(JSON.parse(line) as PeerAnswer)
  if (answers.length < messages.length) throw new Error(await trouble)
  return answers
}
