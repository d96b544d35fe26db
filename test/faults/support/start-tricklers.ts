import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from '../../support/clocks/until.ts'
import type { TricklersAt } from './run-tricklers.ts'

const PROGRAM = join(import.meta.dirname, 'run-tricklers.ts')

/** Starts the attack, and waits until all have connected once and some were turned away. */
export async function startTricklers(at: TricklersAt): Promise<AsyncDisposable & { turnedAway(): number }> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(at)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  })
  const gone = once(child, 'exit')
  let [opened, turnedAway] = [0, 0]
  createInterface({ input: child.stdout }).on('line', (line) => {
    ;[opened = 0, turnedAway = 0] = line.split(' ').map(Number)
  })
  await until(
    () => opened,
    () => opened >= at.count && turnedAway > 0,
  )
  return {
    turnedAway: () => turnedAway,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
