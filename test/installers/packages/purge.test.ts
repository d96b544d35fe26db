import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { fillIn } from '../../../build/package/fill-in.ts'
import { PROGRAMS } from '../../../build/package/programs.ts'
import { FOLDERS_FILE } from '../../../src/platform/system-paths.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { sendInstances } from '../../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../../support/programs/clinic.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const [AGENT] = PROGRAMS
/** All that the scripts may call; programs of Debian that reach the services of this machine are not among them. */
const TOOLS = ['cat', 'ls', 'mkdir', 'rm', 'rmdir']
const COUNT_SCRIPT = resolve('src/console/program/count-unconfirmed.ts')

/** The scripts that dpkg runs, for a data folder in another place than /var/lib/ferry, without dpkg and root. */
function packageOf(folder: ReturnType<typeof tempFolder>, dataFolder: string) {
  if (AGENT === undefined) throw new Error('build/package/programs.ts has no agent')
  const [bin, etc] = [folder.join('bin'), folder.join('etc')]
  for (const made of [bin, etc]) mkdirSync(made)
  for (const tool of TOOLS) symlinkSync(`/bin/${tool}`, `${bin}/${tool}`)
  const node = `${bin}/node`
  try {
    linkSync(process.execPath, node)
  } catch {
    copyFileSync(process.execPath, node)
  }
  writeFileSync(`${bin}/${FOLDERS_FILE}`, `config=${etc}\ndata=${dataFolder}\n`)
  const program = {
    ...AGENT,
    dataFolder,
    configFile: `${etc}/ferry.yaml`,
    countCommand: `${node} ${COUNT_SCRIPT}`,
  }
  return (name: 'prerm' | 'postrm', action: string, environment: Record<string, string> = {}) => {
    const script = fillIn(`installers/deb/${name}`, program).replaceAll('/etc/ferry', etc)
    const env = { PATH: bin, ...environment }
    const { status, stderr } = spawnSync('/bin/sh', ['-c', script, name, action], { env, encoding: 'utf8' })
    return { status, stderr }
  }
}

test('a purge deletes nothing while one image waits for the center, and all once it is confirmed', async () => {
  await using clinic = await openClinic()
  const { dataFolder } = clinic.settings
  using folder = tempFolder()
  const script = packageOf(folder, dataFolder)
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, [inventedInstance(1000)])
  await clinic.stopAgent()
  expect(script('prerm', 'remove')).toMatchObject({ status: 0 })
  const before = readdirSync(dataFolder, { recursive: true })
  expect(script('postrm', 'purge')).toEqual({
    status: 1,
    stderr: expect.stringMatching(
      /nothing was deleted.*has images that the center has not confirmed \(count: 1\)/,
    ),
  })
  expect(script('postrm', 'purge', { FERRY_PURGE: 'yes' })).toMatchObject({ status: 1 })
  expect(readdirSync(dataFolder, { recursive: true })).toEqual(before)

  await clinic.startCenter()
  await clinic.startAgent()
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
  await clinic.stopAgent()
  expect(script('prerm', 'remove')).toMatchObject({ status: 0 })
  expect(script('postrm', 'purge')).toEqual({ status: 0, stderr: '' })
  expect(existsSync(dataFolder)).toBe(false)
})

test('a purge deletes an image that waits only if the sentence for it is typed', async () => {
  await using clinic = await openClinic()
  const { dataFolder } = clinic.settings
  using folder = tempFolder()
  const script = packageOf(folder, dataFolder)
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, [inventedInstance(1000)])
  await clinic.stopAgent()
  expect(script('prerm', 'remove')).toMatchObject({ status: 0 })
  writeFileSync(folder.join('etc/purge-ferry-agent'), 'delete what is not confirmed\n')
  expect(script('postrm', 'purge')).toEqual({ status: 0, stderr: '' })
  expect([existsSync(dataFolder), existsSync(folder.join('etc'))]).toEqual([false, false])
})
