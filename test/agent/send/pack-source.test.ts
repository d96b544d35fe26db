import { mkdirSync, truncateSync, unlinkSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Spool } from '../../../src/agent/queue/spool/spool.ts'
import { damagedMembers, PackSource, unreadableMembers } from '../../../src/agent/send/pack-source.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

async function threeMembers(folder: string) {
  const spool = await Spool.open(folder)
  const instances = await Promise.all([1, 2, 3].map(() => spoolInstance(spool)))
  const members = instances.map(({ envelope, trailer }) => ({
    ulid: envelope.ulid,
    bytes: trailer.sealedBytes + 96,
  }))
  return { spool, instances, header: { pack: newUlid(0), study: '1.2', members } }
}

test('a spool file that the disk cannot read ends the pack with its own failure, never with that of the line', async () => {
  using folder = tempFolder()
  const { spool, instances, header } = await threeMembers(folder.path)
  using _ = spool
  const [, bad] = instances
  unlinkSync(bad?.path ?? '')
  // Reading a folder fails in the middle of everything, as reading a bad sector does.
  mkdirSync(bad?.path ?? '')
  const source = PackSource.of(header, spool)
  await expect(Array.fromAsync(source.range(0, source.bytes))).rejects.toMatchObject({
    code: 'SPOOL_FILE_DAMAGED',
  })
  expect(await damagedMembers(header, spool)).toMatchObject([
    { ulid: bad?.envelope.ulid, failure: { code: 'SPOOL_FILE_DAMAGED' } },
  ])
})

test('members that are gone or cut off are found before anything is sent', async () => {
  using folder = tempFolder()
  const { spool, instances, header } = await threeMembers(folder.path)
  using _ = spool
  expect(await unreadableMembers(header, spool)).toEqual([])
  unlinkSync(instances[0]?.path ?? '')
  truncateSync(instances[2]?.path ?? '', 500)
  expect((await unreadableMembers(header, spool)).map(({ failure }) => failure.code)).toEqual([
    'SPOOL_FILE_MISSING',
    'SPOOL_FILE_DAMAGED',
  ])
})
