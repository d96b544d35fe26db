import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Register } from '../../src/center/register/register.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { openStore } from '../../src/center/store/open-store.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { StoreClinic } from '../support/centers/store-clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const INIT = ['--name', 'Center', '--public-url', 'https://127.0.0.1:8443', '--recovery-key', 'key.txt']

const run = (path: string, ...args: string[]) => runCommand(path, args, { program: ferryCenterProgram })

async function withRegister(path: string, use: (register: Register) => Promise<unknown>): Promise<void> {
  const register = openRegister(path)
  try {
    await use(register)
  } finally {
    register.close()
  }
}

test('accepting a store says what the register lists, and needs that number as the confirmation', async () => {
  using folder = tempFolder()
  await run(folder.path, 'init', ...INIT)
  const data = folder.join('center-data')
  await withRegister(data, (register) => openStore(data, register, Date.now()))
  const known = await run(folder.path, 'store', 'accept')
  expect([known.exitCode, known.out]).toEqual([0, expect.stringContaining('nothing to accept')])

  rmSync(folder.join('center-data/instances'), { recursive: true })
  mkdirSync(folder.join('center-data/instances/1.2.3'), { recursive: true })
  expect((await run(folder.path, 'status')).out).toContain('another one is in its place')
  for (const wrong of [[], ['--instances', '1']]) {
    const refused = await run(folder.path, 'store', 'accept', ...wrong)
    expect(refused).toMatchObject({ exitCode: 2, out: '' })
    expect(refused.err).toContain('The register lists 0 instances.')
    expect(refused.err).toContain('holds 1 studies')
    expect(refused.err).toContain('--instances 0')
  }
  await withRegister(data, async (register) => {
    await expect(openStore(data, register, 0)).rejects.toMatchObject({ code: 'STORE_MISSING' })
  })

  expect(await run(folder.path, 'store', 'accept', '--instances', '0')).toMatchObject({ exitCode: 0 })
  await withRegister(data, async (register) => {
    expect(await (await openStore(data, register, 0)).id()).toBe(await register.marker.id())
  })
  expect((await run(folder.path, 'status')).out).not.toContain('another one is in its place')
})

test('lost instances are listed with study, file and agent, and the absence of losses is said', async () => {
  await using clinic = await StoreClinic.delivered(2)
  using folder = tempFolder()
  const settings = { dataFolder: clinic.center.folder, name: 'C', publicUrl: 'https://127.0.0.1:8443' }
  writeFileSync(folder.join('center.yaml'), JSON.stringify(settings))
  expect((await run(folder.path, 'lost')).out).toBe('No instance is lost.\n')

  rmSync(clinic.path(1))
  await clinic.post(clinic.manifest().jws)

  const { out } = await run(folder.path, 'lost')
  const { studyInstanceUid, sopInstanceUid } = clinic.file(1).envelope
  for (const word of [studyInstanceUid, `${sopInstanceUid}.dcm`, 'North Street CHC', 'it is gone'])
    expect(out).toContain(word)
  expect(JSON.parse((await run(folder.path, 'lost', '--json')).out)).toMatchObject({
    lost: [{ sopInstanceUid, studyInstanceUid }],
  })
  const status = JSON.parse((await run(folder.path, 'status', '--json')).out) as { findings: object[] }
  expect(status.findings).toContainEqual(
    expect.objectContaining({
      code: 'INSTANCES_LOST',
      severity: 'act',
      what: expect.stringContaining('1 instance is lost'),
    }),
  )
})
