import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import {
  type CheckPolicy,
  InstanceChecker,
  judge,
  strictPolicy,
} from '../../../src/agent/arrival/check-instance.ts'
import { checkingSchema } from '../../../src/config/checking-settings.ts'
import { FINDINGS, type Finding } from '../../../src/dicom/check/check-findings.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'

const { DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian } = TRANSFER_SYNTAX
const ACCEPT = Object.fromEntries(FINDINGS.map((finding) => [finding, 'accept'])) as CheckPolicy

async function check(bytes: Buffer, syntax: string): Promise<Finding[]> {
  const checker = new InstanceChecker(syntax)
  for (let at = 0; at < bytes.length; at += 1000) await checker.push(bytes.subarray(at, at + 1000))
  return checker.finish()
}

test('a deflated data set is checked as what it inflates to', async () => {
  const { dataSet } = inventedInstance(300_000)
  const plain = await check(dataSet, ExplicitVRLittleEndian)
  expect(plain).toEqual(['patientMissing', 'pixelDescription'])
  const deflated = deflateRawSync(dataSet)
  expect(await check(deflated, DeflatedExplicitVRLittleEndian)).toEqual(plain)
  expect(await check(Buffer.concat([deflated, Buffer.alloc(1)]), DeflatedExplicitVRLittleEndian)).toEqual(
    plain,
  )
})

test('a deflated data set that is cut off is truncated, and bytes that were never deflated cannot be read', async () => {
  const deflated = deflateRawSync(inventedInstance(300_000).dataSet)
  expect(await check(deflated.subarray(0, 150_000), DeflatedExplicitVRLittleEndian)).toContain('truncated')
  expect(await check(Buffer.alloc(5000, 0xff), DeflatedExplicitVRLittleEndian)).toContain('unreadable')
})

test('a data set that deflates to next to nothing is inflated to the end without being held', async () => {
  const { dataSet } = inventedInstance(0)
  // The pixel data's length is the last thing before its value: 256 MB of zeros.
  dataSet.writeUInt32LE(256 * 1024 * 1024, dataSet.length - 4)
  const deflated = deflateRawSync(Buffer.concat([dataSet, Buffer.alloc(256 * 1024 * 1024)]))
  const before = process.memoryUsage().rss
  expect(await check(deflated, DeflatedExplicitVRLittleEndian)).toEqual([
    'patientMissing',
    'pixelDescription',
  ])
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
})

test('an instance that broke off leaves nothing behind that waits', async () => {
  const checker = new InstanceChecker(DeflatedExplicitVRLittleEndian)
  await checker.push(deflateRawSync(inventedInstance(10_000).dataSet).subarray(0, 500))
  checker.discard()
  expect(await checker.finish()).toContain('truncated')
})

test('part of an instance is refused by default, and every other finding is accepted', () => {
  const defaults = checkingSchema.parse({})
  const refused = FINDINGS.filter((finding) => judge([finding], defaults).consequence !== 'accept')
  expect(refused).toEqual(['truncated', 'fragmentsEnd'])
  expect(judge(refused, defaults)).toMatchObject({ consequence: 'refuse', status: 0xc000 })
  expect(judge([], defaults)).toEqual({ consequence: 'accept' })
})

test('the strictest consequence that a finding asks for decides, and the others are not named', () => {
  const policy: CheckPolicy = { ...ACCEPT, pixelLength: 'hold', truncated: 'refuse', uidMissing: 'refuse' }
  expect(judge(['oddLength', 'pixelLength'], policy)).toMatchObject({
    consequence: 'hold',
    failure: { code: 'CHECK_HELD', message: 'checking an instance: found pixelLength' },
  })
  expect(judge(['pixelLength', 'truncated'], policy)).toMatchObject({
    consequence: 'refuse',
    failure: { code: 'CHECK_REFUSED', message: 'checking an instance: found truncated' },
    status: 0xc000,
  })
})

test('an instance that lacks something required is refused with A900, one that cannot be read with C000', () => {
  const policy: CheckPolicy = { ...ACCEPT, truncated: 'refuse', uidMissing: 'refuse' }
  expect(judge(['uidMissing'], policy)).toMatchObject({ status: 0xa900 })
  expect(judge(['uidMissing', 'truncated'], policy)).toMatchObject({ status: 0xc000 })
})

test('an instance that is not whole is refused if its device is read strictly, and the rest is decided as configured', () => {
  const strict = strictPolicy({ ...ACCEPT, pixelLength: 'hold' })
  expect(judge(['truncated'], strict)).toMatchObject({ consequence: 'refuse' })
  expect(judge(['pixelLength'], strict)).toMatchObject({ consequence: 'hold' })
  expect(judge(['oddLength'], strict)).toMatchObject({ consequence: 'accept' })
})
