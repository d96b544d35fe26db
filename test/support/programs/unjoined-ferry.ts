import { readFileSync, writeFileSync } from 'node:fs'
import { until } from '../clocks/until.ts'
import { freePort } from '../peers/free-port.ts'
import { runCommand } from './run-command.ts'

interface UnjoinedFerry extends AsyncDisposable {
  /** The port at which devices reach it. */
  readonly port: number
}

/** `ferry run` beside the test, in a folder that `ferry init` has made; it has joined no center. */
export async function unjoinedFerry(folder: string): Promise<UnjoinedFerry> {
  const [port, page] = [await freePort(), await freePort()]
  await runCommand(folder, ['init', '--port', String(port)])
  const file = `${folder}/ferry.yaml`
  writeFileSync(file, readFileSync(file, 'utf8').replace('port: 11180', `port: ${page}`))
  const quit = new AbortController()
  const running = runCommand(folder, ['run'], { signal: quit.signal })
  // The page opens last.
  await until(
    () => runCommand(folder, ['open', '--print']),
    ({ exitCode }) => exitCode === 0,
  )
  return {
    port,
    async [Symbol.asyncDispose]() {
      quit.abort()
      await running
    },
  }
}
