import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { takeLostErrors } from '../../../src/console/session/last-resort.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { until } from '../../support/clocks/until.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { sendInstances } from '../../support/peers/send-instances.ts'
import { openClinic } from '../../support/programs/clinic.ts'
import { RecordingLog } from '../../support/recording-log.ts'

/** Loaded into the program: a rejection at SIGUSR2, an exception at SIGWINCH, both with a patient's name in their words. */
const PLANTED = `
process.on('SIGUSR2', function plantedRejection() { Promise.reject(new TypeError('cannot read Chen^XiaoMing')) })
process.on('SIGWINCH', function plantedException() { throw new RangeError('cannot take Chen^XiaoMing') })`

interface Line {
  level: string
  message: string
  port?: number
  error?: string
  stack?: string
}

/** `ferry run` or `ferry-center run` as a process of its own, with the planted faults in it. */
function startPlanted(folder: string, program: 'ferry' | 'ferry-center', config: string) {
  const module = join(folder, 'planted.mjs')
  writeFileSync(module, PLANTED)
  const script = resolve(`src/console/program/${program}.ts`)
  const child = spawn(
    process.execPath,
    ['--import', pathToFileURL(module).href, script, 'run', '--config', config],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, FERRY_LANG: 'en', NODE_OPTIONS: '' },
    },
  )
  const text: string[] = []
  const lines: Line[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    text.push(line)
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
  })
  const gone = once(child, 'exit')
  return {
    lines,
    text,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    started: () =>
      until(
        () => lines.find(({ message }) => message.endsWith(' started')),
        (line) => line !== undefined,
      ),
    gone,
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

const logged = (lines: readonly Line[], words: string): Promise<Line | undefined> =>
  until(
    () => lines.find(({ message }) => message.includes(words)),
    (line) => line !== undefined,
  )

test('an unhandled rejection is logged with its place, and devices are still served', async () => {
  await using clinic = await openClinic()
  await clinic.stopAgent()
  const [port, file] = [await freePort(), join(clinic.folder, 'ferry.yaml')]
  const listener = `listener: {host: 127.0.0.1, port: ${port}}`
  const rest = 'limits: {reserve: 64MiB}\nstatusPage: {enabled: off}\nunknownDevices: accept\n'
  writeFileSync(file, `dataFolder: agent\n${listener}\n${rest}`)
  await using agent = startPlanted(clinic.folder, 'ferry', file)
  await agent.started()

  agent.kill('SIGUSR2')
  const line = await logged(agent.lines, 'not handled')
  const answers = await sendInstances(port, [inventedInstance(1000)])

  expect(line).toMatchObject({
    level: 'error',
    error: 'TypeError',
    stack: expect.stringContaining('plantedRejection'),
  })
  expect(answers).toMatchObject([{ status: 0 }])
  expect(agent.isGone()).toBe(false)
  expect(agent.text.join('\n')).not.toContain('Chen')
})

test('an uncaught exception is logged with its place, and ends the agent with exit code 70', async () => {
  await using clinic = await openClinic()
  await clinic.stopAgent()
  const [port, file] = [await freePort(), join(clinic.folder, 'ferry.yaml')]
  const rest = 'limits: {reserve: 64MiB}\nstatusPage: {enabled: off}\n'
  writeFileSync(file, `dataFolder: agent\nlistener: {host: 127.0.0.1, port: ${port}}\n${rest}`)
  await using agent = startPlanted(clinic.folder, 'ferry', file)
  await agent.started()

  agent.kill('SIGWINCH')
  const [exitCode] = (await agent.gone) as [number | null]

  expect(exitCode).toBe(70)
  expect(agent.lines.find(({ message }) => message.includes('not caught'))).toMatchObject({
    level: 'error',
    error: 'RangeError',
    stack: expect.stringContaining('plantedException'),
  })
  expect(agent.text.join('\n')).not.toContain('Chen')
})

test('the center goes on after an unhandled rejection', async () => {
  await using clinic = await openClinic()
  await clinic.stopAgent()
  await clinic.stopCenter()
  const [port, file] = [await freePort(), join(clinic.folder, 'center.yaml')]
  writeFileSync(
    file,
    `dataFolder: center\nname: Test\npublicUrl: https://localhost:${port}\nlisten: {host: 127.0.0.1, port: ${port}}\n`,
  )
  await using center = startPlanted(clinic.folder, 'ferry-center', file)
  await center.started()

  center.kill('SIGUSR2')
  await logged(center.lines, 'not handled')

  expect(center.isGone()).toBe(false)
})

test('the same lost error is logged once a minute, and the words of a Failure are kept', () => {
  const [log, clock] = [new RecordingLog(), new ManualClock()]
  const listeners = new Map<string, (error: unknown) => void>()
  const events = {
    on: (event: string, listener: (error: unknown) => void) => listeners.set(event, listener),
    off: (event: string) => listeners.delete(event),
    exit: () => {},
  }
  const taking = takeLostErrors(log, clock, events)
  const failure = new Failure('CENTER_BUSY', 'asking: it has no time')

  for (let i = 0; i < 1000; i++) listeners.get('unhandledRejection')?.(failure)
  listeners.get('unhandledRejection')?.('a text')
  expect(log.lines).toHaveLength(2)
  expect(log.lines[0]?.fields).toMatchObject({ code: 'CENTER_BUSY', reason: 'asking: it has no time' })
  clock.advance(60_000)
  listeners.get('unhandledRejection')?.(failure)
  expect(log.lines).toHaveLength(3)

  taking[Symbol.dispose]()
  expect(listeners.size).toBe(0)
})
