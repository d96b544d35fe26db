import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { SetupResult } from '../../src/console/setup/set-up-agent.ts'
import { encodeJoinCode } from '../../src/protocol/join-code.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { freePort } from '../support/peers/free-port.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { unjoinedFerry } from '../support/programs/unjoined-ferry.ts'
import { tempFolder } from '../support/temp-folder.ts'

async function invited(center: RunningCenter): Promise<string> {
  return encodeJoinCode({ ...(await center.invite('North Street')), url: center.url })
}

/** Approves every agent that waits, as the operator does by phone. */
async function approveAll(center: RunningCenter): Promise<void> {
  const waiting = await until(
    () => center.desk.agents(),
    (agents) => agents.some(({ state }) => state === 'pending'),
  )
  for (const { kid } of waiting) await center.desk.approve(kid)
}

test('setup --yes brings a running agent from nothing to its first receipt, and a second run changes nothing', async () => {
  await using center = await RunningCenter.start()
  using folder = tempFolder()
  await using agent = await unjoinedFerry(folder.path)
  const args = [
    '--name',
    '北街卫生院',
    '--join-code',
    await invited(center),
    '--device',
    'CT 一室=CT1@192.0.2.7',
  ]

  const setup = runCommand(folder.path, ['setup', '--yes', '--json', ...args])
  await approveAll(center)
  const { exitCode, out, err } = await setup

  expect(err).toMatch(/AE title {2}FERRY/)
  expect(exitCode).toBe(0)
  const result = JSON.parse(out) as SetupResult
  expect(result).toMatchObject({
    aeTitle: 'FERRY',
    port: agent.port,
    isRunning: true,
    center: 'District center',
    devices: 1,
    isReceipted: true,
  })
  expect(storedAtCenter(center.folder)).toHaveLength(1)
  expect((await center.desk.agents()).map(({ ownName }) => ownName)).toEqual(['北街卫生院'])

  const before = readFileSync(`${folder.path}/ferry.yaml`, 'utf8')
  const again = await runCommand(folder.path, ['setup', '--yes', '--no-test', ...args])
  expect(again).toMatchObject({ exitCode: 0 })
  expect(readFileSync(`${folder.path}/ferry.yaml`, 'utf8')).toBe(before)
}, 120_000)

test('a set-up that was stopped while it waited for approval goes on without the join code', async () => {
  await using center = await RunningCenter.start()
  using folder = tempFolder()
  await runCommand(folder.path, ['init'])
  const stop = new AbortController()
  const args = ['setup', '--yes', '--json', '--name', 'North Street']
  const first = runCommand(folder.path, [...args, '--join-code', await invited(center)], {
    signal: stop.signal,
  })
  await until(
    () => center.desk.agents(),
    (agents) => agents.length === 1,
  )
  stop.abort()
  expect((await first).exitCode).toBe(130)

  await approveAll(center)
  const { exitCode, out } = await runCommand(folder.path, args)
  expect([exitCode, JSON.parse(out)]).toMatchObject([0, { center: 'District center', isRunning: false }])
  expect(existsSync(`${folder.path}/data/keys/joining.json`)).toBe(false)
})

test('setup --yes without a running service writes the configuration and says what remains', async () => {
  using folder = tempFolder()
  const { exitCode, out, err } = await runCommand(folder.path, [
    'setup',
    '--yes',
    '--ae-title',
    'NORTH',
    '--port',
    '11200',
  ])
  expect(exitCode).toBe(0)
  expect(err).toMatch(/AE title {2}NORTH\n.*\n +port {2}11200/)
  expect(out).toMatch(/start the service.*\n.*join the center.*\n.*list a device/)
})

test('setup changes AE title and port of a running agent, which opens the new port by itself', async () => {
  using folder = tempFolder()
  await using _ = await unjoinedFerry(folder.path)
  const port = await freePort()
  const before = readFileSync(`${folder.path}/ferry.yaml`, 'utf8')

  const args = ['setup', '--yes', '--json', '--ae-title', 'NORTH', '--port', String(port)]
  expect(await runCommand(folder.path, args)).toMatchObject({ exitCode: 0 })

  const status = JSON.parse((await runCommand(folder.path, ['status', '--json'])).out) as {
    listener: { port: number; aeTitles: string[] }
  }
  expect(status.listener).toMatchObject({ port, aeTitles: ['NORTH'] })
  const after = readFileSync(`${folder.path}/ferry.yaml`, 'utf8')
  expect(after.split('\n').filter((line, at) => line !== before.split('\n')[at])).toHaveLength(2)
}, 60_000)

test('a join code with a typing error is told with its group before anything is asked of the center', async () => {
  await using center = await RunningCenter.start()
  using folder = tempFolder()
  const code = await invited(center)
  const wrong = code.slice(0, -1) + (code.endsWith('0') ? '1' : '0')
  const { exitCode, err } = await runCommand(folder.path, ['setup', '--yes', '--join-code', wrong])
  expect([exitCode, err]).toEqual([2, expect.stringMatching(/group 10 of ten has a typing error/)])
  expect(await center.desk.agents()).toEqual([])
})
