import { expect, test } from '@jest/globals'
import { chooseTransferSyntax } from '../../src/dicom/vocabulary/choose-transfer-syntax.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { isUid } from '../../src/dicom/vocabulary/uid.ts'

const { ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000, JPEGBaseline8Bit } =
  TRANSFER_SYNTAX

test('each transfer syntax of the table has a UID of its own', () => {
  const uids = Object.values(TRANSFER_SYNTAX)
  expect(new Set(uids).size).toBe(uids.length)
  expect(uids.filter((uid) => !isUid(uid) || !uid.startsWith('1.2.840.10008.1.2'))).toEqual([])
})

test('the four syntaxes that are not plainly encapsulated are known as what they are', () => {
  expect(transferSyntax(ImplicitVRLittleEndian)).toMatchObject({ vr: 'implicit', encapsulated: false })
  expect(transferSyntax(ExplicitVRLittleEndian)).toMatchObject({ vr: 'explicit', encapsulated: false })
  expect(transferSyntax(ExplicitVRBigEndian)).toMatchObject({ byteOrder: 'big', encapsulated: false })
  expect(transferSyntax(TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian)).toMatchObject({ deflated: true })
})

test('an unknown or private syntax is taken for explicit little endian with encapsulated pixel data', () => {
  const unknown = { vr: 'explicit', byteOrder: 'little', deflated: false, encapsulated: true }
  for (const uid of ['1.2.3.4', '1.2.840.10008.1.2.4.999', '', JPEG2000]) {
    expect(transferSyntax(uid)).toEqual({ uid, ...unknown })
  }
})

test.each([
  [[ImplicitVRLittleEndian, ExplicitVRLittleEndian], ImplicitVRLittleEndian],
  [[JPEGBaseline8Bit, ExplicitVRLittleEndian, ImplicitVRLittleEndian], ExplicitVRLittleEndian],
  [[JPEG2000, ExplicitVRBigEndian], ExplicitVRBigEndian],
  [[JPEG2000, JPEGBaseline8Bit], JPEG2000],
  [[JPEGBaseline8Bit, JPEG2000], JPEGBaseline8Bit],
  [['1.2.3.4'], '1.2.3.4'],
  [[], undefined],
])('a device that offers %j is asked for %s', (offered, chosen) => {
  expect(chooseTransferSyntax(offered)).toBe(chosen)
})
