import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DevicesView } from '../../../src/protocol/control-api.ts'
import { until } from '../clocks/until.ts'
import { freePort } from '../peers/free-port.ts'
import { openClinic } from './clinic.ts'
import { type CommandResult, runCommand } from './run-command.ts'

interface RunningFerry extends AsyncDisposable {
  folder: string
  file: string
  port: number
  ferry(...args: string[]): Promise<CommandResult>
  devices(): Promise<DevicesView['devices']>
  stop(): Promise<void>
  /** As a new process would, on the same folder. */
  start(): Promise<void>
}

/** `ferry run` on a configuration file with these devices, joined to a center. */
export async function runningFerry(devices = ''): Promise<RunningFerry> {
  await using stack = new AsyncDisposableStack()
  const clinic = stack.use(await openClinic())
  await clinic.stopAgent()
  const [port, file] = [await freePort(), join(clinic.folder, 'ferry.yaml')]
  writeFileSync(
    file,
    `# ours, by phone\ndataFolder: agent\nlog: {level: error}\nlistener:\n  host: 127.0.0.1\n  port: ${port}\n` +
      `limits: {reserve: 64MiB}\nstatusPage: {enabled: off}\ndevices:\n${devices}  # the last one\nunknownDevices: reject\n`,
  )
  const ferry = (...args: string[]): Promise<CommandResult> => runCommand(clinic.folder, args)
  let quit = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const stop = async (): Promise<void> => {
    quit.abort()
    await running
  }
  const start = async (): Promise<void> => {
    quit = new AbortController()
    running = runCommand(clinic.folder, ['run'], { signal: quit.signal })
    await until(
      () => ferry('devices'),
      ({ exitCode }) => exitCode === 0,
    )
  }
  stack.defer(stop)
  const view = async (): Promise<DevicesView['devices']> => {
    const { out } = await ferry('devices', '--json')
    return (JSON.parse(out) as DevicesView).devices
  }
  await start()
  const all = stack.move()
  return {
    folder: clinic.folder,
    file,
    port,
    ferry,
    devices: view,
    stop,
    start,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
