import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { AttackClient } from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'
import { runCommand } from '../support/programs/run-command.ts'

test('held instances are listed with their reason, released once, and who released them stays on record', async () => {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start({ pacs: pacs.options })
  const [north, south] = [
    await AttackClient.enrol(center, 'North'),
    await AttackClient.enrol(center, 'South'),
  ]
  const first = north.forge({})
  const { studyInstanceUid } = first.envelope
  await north.send(first)
  const added = [south.forge({ uids: { studyInstanceUid } }), south.forge({ uids: { studyInstanceUid } })]
  for (const file of added) await south.send(file)
  const [uid = '', other = ''] = added.map(({ envelope }) => envelope.sopInstanceUid)
  const command = commandLine(center)

  const { exitCode, out } = await command('held')
  expect(exitCode).toBe(0)
  for (const text of [uid, other, studyInstanceUid, 'South', 'from another agent', 'ferry-center release'])
    expect(out).toContain(text)
  expect((await command('status')).out).toContain('2 instances do not go to the PACS until you release them')
  expect((await command('studies')).out).toContain('HELD at the center 2')
  expect((await command('retry', studyInstanceUid, '--json')).out).toContain('"retried":0')

  expect((await command('release')).exitCode).toBe(2)
  expect((await command('release', studyInstanceUid, '--instance', uid)).exitCode).toBe(2)
  expect((await command('release', '1.2.3')).err).toContain('(NOT_HELD)')
  expect((await command('release', '--instance', uid)).out).toBe('1 instances released.\n')
  expect((await command('held')).out).not.toContain(uid)
  const { instances } = JSON.parse((await command('held', '--released', '--json')).out)
  expect(instances).toMatchObject([{ sopInstanceUid: uid, hold: 'foreign', releasedBy: 'operator' }])
  expect((await command('release', studyInstanceUid)).out).toBe('1 instances released.\n')
  expect((await command('release', studyInstanceUid)).exitCode).toBe(1)
  expect((await command('held', '--released')).out).toContain('operator')
})

function commandLine(center: RunningCenter) {
  const folder = dirname(center.folder)
  writeFileSync(
    `${folder}/center.yaml`,
    'name: Test\npublicUrl: https://127.0.0.1:8443\ndataFolder: center\n',
  )
  return (...args: string[]) =>
    runCommand(folder, args, {
      program: ferryCenterProgram,
      environment: { FERRY_LANG: 'en', SUDO_USER: 'operator' },
    })
}
