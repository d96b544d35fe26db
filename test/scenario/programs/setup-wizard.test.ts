import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { loadAgentSettings } from '../../../src/config/agent-settings.ts'
import { encodeJoinCode } from '../../../src/protocol/join-code.ts'
import { RunningCenter } from '../../support/centers/running-center.ts'
import { storedAtCenter } from '../../support/centers/stored-at-center.ts'
import { hasEchoscu, pressEcho } from '../../support/peers/echoscu.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { hasPseudoTerminal, PersonAtTerminal } from '../../support/programs/person-at-terminal.ts'
import { unjoinedFerry } from '../../support/programs/unjoined-ferry.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CTRL_C = '\x03'
const hasPython = hasPseudoTerminal()

const ferrySetup = (folder: string): PersonAtTerminal =>
  new PersonAtTerminal([process.execPath, resolve('bin/ferry.js'), 'setup', '--lang', 'en'], folder)

const describeWithDcmtk = hasPython && hasEchoscu() ? describe : describe.skip
const describeWithPython = hasPython ? describe : describe.skip

describeWithPython(`the set-up on a terminal${hasPython ? '' : ' (skipped: python3 is missing)'}`, () => {
  test('a person who answers the questions joins the center, and learns what remains to do', async () => {
    await using center = await RunningCenter.start()
    using folder = tempFolder()
    const port = await freePort()
    const code = encodeJoinCode({ ...(await center.invite('North Street')), url: center.url })
    await using wizard = ferrySetup(folder.path)

    await wizard.when(/AE title of Ferry/, '\r')
    await wizard.when(/Port of Ferry/, `${port}\r`)
    await wizard.when(/Join code of the center/, `${code.slice(0, -1)}${code.endsWith('7') ? '8' : '7'}\r`)
    await wizard.when(
      /group 10 of ten has a typing error[^]*Join code of the center/,
      `${code.toLowerCase()}\r`,
    )
    await wizard.when(/What is this site called/, '北街卫生院\r')
    await wizard.when(/Waiting for approval/)
    for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)
    await wizard.when(/What remains to do:[^]*start the service/)

    expect(await wizard.exitCode()).toBe(0)
    expect(readFileSync(`${folder.path}/ferry.yaml`, 'utf8')).toMatch(new RegExp(`port: ${port}`))
    expect((await center.desk.agents()).map(({ ownName, state }) => [ownName, state])).toEqual([
      ['北街卫生院', 'approved'],
    ])
  })

  test('Enter goes on without a device, and the set-up says that one is still to be listed', async () => {
    await using center = await RunningCenter.start()
    using folder = tempFolder()
    await using _ = await unjoinedFerry(folder.path)
    const code = encodeJoinCode({ ...(await center.invite('North Street')), url: center.url })
    await using wizard = ferrySetup(folder.path)

    await wizard.when(/AE title of Ferry/, '\r')
    await wizard.when(/Port of Ferry/, '\r')
    await wizard.when(/Join code of the center/, `${code}\r`)
    await wizard.when(/What is this site called/, '\r')
    await wizard.when(/Waiting for approval/)
    for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)
    await wizard.when(/Now press Echo/, '\r')
    await wizard.when(/First receipt[^]*What remains to do:[^]*list a device/)
    expect(await wizard.exitCode()).toBe(0)
  }, 60_000)

  test('Ctrl-C at a question ends the set-up with exit code 130 and a true sentence', async () => {
    using folder = tempFolder()
    await using wizard = ferrySetup(folder.path)
    await wizard.when(/AE title of Ferry/, CTRL_C)
    expect(await wizard.exitCode()).toBe(130)
    expect(wizard.screen).toMatch(/the command was stopped before its end \(INTERRUPTED\)/)
    expect(existsSync(`${folder.path}/ferry.yaml`)).toBe(false)
  })
})

describeWithDcmtk(`a device at the set-up${hasEchoscu() ? '' : ' (skipped: DCMTK is missing)'}`, () => {
  test('that presses Echo is shown, approved and served, and a stranger is not; then comes the receipt', async () => {
    await using center = await RunningCenter.start()
    using folder = tempFolder()
    await using agent = await unjoinedFerry(folder.path)
    const code = encodeJoinCode({ ...(await center.invite('North Street')), url: center.url })
    await using wizard = ferrySetup(folder.path)

    await wizard.when(/AE title of Ferry/, '\r')
    await wizard.when(/Port of Ferry/, '\r')
    await wizard.when(/Join code of the center/, `${code}\r`)
    await wizard.when(/What is this site called/, '北街卫生院\r')
    await wizard.when(/Waiting for approval/)
    for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)

    await wizard.when(/Now press Echo/)
    await pressEcho('CT9', agent.port)
    await wizard.when(/CT9 at 127\.0\.0\.1 called\. Is it one of your devices\?/, 'y')
    await wizard.when(/Name of this device/, 'CT 一室\r')
    await wizard.when(/Listed the device CT 一室\.[^]*Wait for another device\?/, 'y')
    await pressEcho('STRANGER', agent.port)
    await wizard.when(/STRANGER at 127\.0\.0\.1 called\. Is it one of your devices\?/, 'n')
    await wizard.when(/STRANGER[^]*Wait for another device\?/, 'y')
    expect(await pressEcho('CT9', agent.port)).toBe(0)
    await wizard.when(/CT 一室 at 127\.0\.0\.1 called and is served\.[^]*Wait for another device\?/, 'n')
    await wizard.when(/First receipt[^]*Set-up is complete/)

    expect(await wizard.exitCode()).toBe(0)
    const { devices } = loadAgentSettings(`${folder.path}/ferry.yaml`, 'en')
    expect(devices).toMatchObject([{ name: 'CT 一室', aeTitle: 'CT9', addresses: ['127.0.0.1'] }])
    expect(storedAtCenter(center.folder)).toHaveLength(1)
  }, 60_000)
})
