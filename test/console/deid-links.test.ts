import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import { DeidLinks } from '../../src/agent/deid-records/deid-links.ts'
import { ProjectKey } from '../../src/agent/deidentify/rules/project-key.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('deid links opens the table with the recovery key, whole or what is asked for', async () => {
  using folder = tempFolder()
  await runCommand(folder.path, ['init'])
  const { identity, recipient } = generateIdentity()
  const keyFile = folder.join('recovery.key')
  writeFileSync(keyFile, `# created: 2026\n# public key: ${recipient}\n${identity}\n`)
  const links = ['deid', 'links', '--identity', keyFile]
  expect((await runCommand(folder.path, links)).out).toBe('The table has no such entry.\n')
  const table = new DeidLinks(join(folder.path, 'data'), recipient, new ProjectKey(Buffer.alloc(32, 7)))
  for (const [patientId, patientName] of [
    ['W1', '陈^小明'],
    ['W2', 'Wang^Wu'],
  ] as const)
    await table.keep('teaching', {
      original: { patientId, patientName, accessionNumber: '', studyInstanceUid: `1.2.${patientId}` },
      replacement: {
        patientId: `P${patientId}`,
        patientName: '',
        accessionNumber: '',
        studyInstanceUid: '2.25.9',
      },
    })
  const { exitCode, out } = await runCommand(folder.path, links)
  expect(exitCode).toBe(0)
  expect(out.split('\n')).toHaveLength(4)
  expect(out).toMatch(/teaching +PW1 +W1 +陈\^小明 +1\.2\.W1 +2\.25\.9/)
  const { out: json } = await runCommand(folder.path, [...links, '--find', 'PW2', '--json'])
  expect(JSON.parse(json)).toMatchObject({
    links: [{ original: { patientName: 'Wang^Wu' } }],
    unreadable: [],
  })
  writeFileSync(keyFile, generateIdentity().identity)
  const stranger = await runCommand(folder.path, links)
  expect([stranger.exitCode, stranger.out]).toEqual([1, 'The table has no such entry.\n'])
  expect(stranger.err).toContain('none of 1 recipients is one of our 1 keys')
  writeFileSync(keyFile, 'nonsense')
  expect((await runCommand(folder.path, links)).err).toContain('AGE-SECRET-KEY-1')
})
