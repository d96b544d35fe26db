import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../../src/console/program/ferry-center-program.ts'
import type { BuildProgram } from '../../../src/console/program/run-program.ts'
import { describeWithSmallDisks, SmallDisk } from '../../faults/support/disk-mount.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { canNotify, type NotifySocket, openNotifySocket } from '../../support/peers/notify-socket.ts'
import { type Clinic, openClinic } from '../../support/programs/clinic.ts'
import { runCommand } from '../../support/programs/run-command.ts'

/** A sign of life every 200 ms. */
const DEADLINE_US = '600000'

interface Service extends AsyncDisposable {
  readonly socket: NotifySocket
  stop(): Promise<void>
}

/** `ferry run` or `ferry-center run` as systemd starts it, in a folder with its configuration. */
async function startService(folder: string, program?: BuildProgram): Promise<Service> {
  const socket = await openNotifySocket(join(folder, 'notify'))
  const quit = new AbortController()
  const environment = {
    FERRY_LANG: 'en',
    PATH: process.env['PATH'] ?? '',
    NOTIFY_SOCKET: socket.path,
    WATCHDOG_USEC: DEADLINE_US,
  }
  const running = runCommand(folder, ['run'], {
    environment,
    signal: quit.signal,
    ...(program && { program }),
  })
  const stop = async (): Promise<void> => {
    quit.abort()
    await running
  }
  return {
    socket,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await socket[Symbol.asyncDispose]()
    },
  }
}

async function configureAgent(clinic: Clinic): Promise<number> {
  await clinic.stopAgent()
  const port = await freePort()
  writeFileSync(
    join(clinic.folder, 'ferry.yaml'),
    `dataFolder: agent\nlog: {level: error}\nlistener: {host: 127.0.0.1, port: ${port}}\n` +
      'limits: {reserve: 64MiB}\nstatusPage: {enabled: off}\n',
  )
  return port
}

/** Assignments from the first that has this text in it. */
const since = ({ heard }: NotifySocket, text: string): readonly string[] =>
  heard.slice(heard.findIndex((one) => one.includes(text)))

const signsOf = ({ heard }: NotifySocket): number => heard.filter((one) => one === 'WATCHDOG=1').length

const title = canNotify ? 'systemd' : 'systemd-notify or python3, which is not here'
const group = canNotify ? describeWithSmallDisks : describe.skip
group(title, () => {
  test('an agent tells systemd its state, and sends no sign of life while its spool is read-only', async () => {
    await using clinic = await openClinic()
    const port = await configureAgent(clinic)
    using disk = new SmallDisk(join(clinic.folder, 'agent/spool'), 'size=200m')
    await using service = await startService(clinic.folder)
    const { socket } = service
    await socket.untilHeard('WATCHDOG=1', 2)
    expect(socket.heard.slice(0, 2)).toEqual(['READY=1', 'STATUS=Started'])
    await socket.untilHeard(`STATUS=Listening on port ${port}. `)

    await disk.makeReadOnly()
    await socket.untilHeard('STATUS=The self-check failed', 4)
    expect(since(socket, 'The self-check failed')).not.toContain('WATCHDOG=1')
    expect(since(socket, 'The self-check failed').join('\n')).toMatch(/spool\/self-check: EROFS/)
    disk.makeWritable()
    await socket.untilHeard('WATCHDOG=1', signsOf(socket) + 1)

    await service.stop()
    await socket.untilHeard('STOPPING=1')
  })

  test('an agent whose disk is full lives', async () => {
    await using clinic = await openClinic()
    await configureAgent(clinic)
    using disk = new SmallDisk(join(clinic.folder, 'agent/spool'), 'size=200m')
    await using service = await startService(clinic.folder)
    await service.socket.untilHeard('WATCHDOG=1')
    disk.fill()
    await service.socket.untilHeard('Needs you: 1')
    await service.socket.untilHeard('WATCHDOG=1', signsOf(service.socket) + 3)
    expect(service.socket.heard.join('\n')).not.toContain('The self-check failed')
  })

  test('a center sends no sign of life while its packs cannot be written', async () => {
    await using clinic = await openClinic()
    await clinic.stopCenter()
    const port = await freePort()
    writeFileSync(
      join(clinic.folder, 'center.yaml'),
      `dataFolder: center\nlog: {level: error}\nname: Test center\npublicUrl: https://127.0.0.1\n` +
        `listen: {host: 127.0.0.1, port: ${port}}\nlimits: {reserve: 64MiB}\n`,
    )
    using disk = new SmallDisk(join(clinic.folder, 'center/packs'), 'size=200m')
    await using service = await startService(clinic.folder, ferryCenterProgram)
    const { socket } = service
    await socket.untilHeard('WATCHDOG=1', 2)
    await socket.untilHeard(`STATUS=Listening on port ${port}. Disk and register answer`)
    await disk.makeReadOnly()
    await socket.untilHeard('STATUS=The self-check failed', 4)
    expect(since(socket, 'The self-check failed')).not.toContain('WATCHDOG=1')
    await service.stop()
    await socket.untilHeard('STOPPING=1')
  })
})
