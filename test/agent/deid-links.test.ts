import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import { DeidLinks, readDeidLinks } from '../../src/agent/deid-records/deid-links.ts'
import { ProjectKey } from '../../src/agent/deidentify/rules/project-key.ts'
import type { Link } from '../../src/agent/deidentify/rules/who-is-who.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LINK: Link = {
  original: { patientId: 'W4711', patientName: '陈^小明', accessionNumber: 'A1', studyInstanceUid: '1.2.3' },
  replacement: {
    patientId: 'PX',
    patientName: 'PX',
    accessionNumber: 'PA',
    studyInstanceUid: '2.25.1',
  },
  shiftedDays: 100,
}
const other = (studyInstanceUid: string): Link => ({
  ...LINK,
  original: { ...LINK.original, studyInstanceUid },
})

const key = new ProjectKey(Buffer.alloc(32, 7))
const recovery = generateIdentity()

const reading = async (folder: string, identity = recovery.identity) =>
  Array.fromAsync(readDeidLinks(folder, identity))

test('a study is one file however many slices it has, also after a restart, and only the recovery key opens it', async () => {
  using folder = tempFolder()
  for (let start = 0; start < 2; start++) {
    const links = new DeidLinks(folder.path, recovery.recipient, key)
    await Promise.all(Array.from({ length: 20 }, () => links.keep('teaching', LINK)))
    await links.keep('teaching', other('1.2.4'))
  }
  const files = readdirSync(folder.join('deid-links'))
  expect(files).toHaveLength(2)
  const opened = await reading(folder.path)
  expect(opened).toHaveLength(2)
  expect(opened).toContainEqual({
    path: expect.any(String),
    link: { format: 'ferry-link/1', profile: 'teaching', ...LINK },
  })
  const stranger = await reading(folder.path, generateIdentity().identity)
  expect(stranger).toEqual(
    files.map(() => ({
      path: expect.any(String),
      failure: expect.objectContaining({ code: 'AGE_NO_KEY' }),
    })),
  )
})

test('neither the file nor its name contains any of the identity, and only the owner may read the file', async () => {
  using folder = tempFolder()
  await new DeidLinks(folder.path, recovery.recipient, key).keep('teaching', LINK)
  const [name = ''] = readdirSync(folder.join('deid-links'))
  const path = folder.join(`deid-links/${name}`)
  const bytes = readFileSync(path)
  for (const word of ['W4711', '陈', '小明', '1.2.3', 'PX', '2.25.1']) {
    expect(bytes.includes(word)).toBe(false)
    expect(name).not.toContain(word)
  }
  expect(statSync(path).mode & 0o077).toBe(0)
  // With another key, which an attacker would have to guess, the same link has another name.
  await new DeidLinks(folder.path, recovery.recipient, new ProjectKey(randomBytes(32))).keep('teaching', LINK)
  expect(readdirSync(folder.join('deid-links'))).toHaveLength(2)
})

test('a file that a power cut left unfinished is written again', async () => {
  using folder = tempFolder()
  await new DeidLinks(folder.path, recovery.recipient, key).keep('teaching', LINK)
  const [name = ''] = readdirSync(folder.join('deid-links'))
  truncateSync(folder.join(`deid-links/${name}`), 50)
  expect(await reading(folder.path)).toMatchObject([{ failure: { code: 'AGE_FORMAT' } }])
  await new DeidLinks(folder.path, recovery.recipient, key).keep('teaching', LINK)
  expect(await reading(folder.path)).toMatchObject([{ link: LINK }])
})

test('a folder without a linking table lists no table', async () => {
  using folder = tempFolder()
  expect(await reading(folder.path)).toEqual([])
})
