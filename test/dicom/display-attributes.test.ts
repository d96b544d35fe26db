import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { type DisplayAttributes, DisplayReader } from '../../src/dicom/find/display-attributes.ts'
import { maskDisplay, maskName, shownName } from '../../src/dicom/find/mask-display.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusPath, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { tagNamed } from '../support/instances/tag-named.ts'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE, writer } from './build-data-set.ts'

const { ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian } = TRANSFER_SYNTAX

function head(characterSet: string, name: Buffer, encoding = EXPLICIT_LITTLE): Buffer {
  const { element } = writer(encoding)
  return Buffer.concat([
    element(TAG.SpecificCharacterSet, 'CS', characterSet),
    element(TAG.StudyDate, 'DA', '20261123'),
    element(TAG.AccessionNumber, 'SH', 'A123456 '),
    element(TAG.Modality, 'CS', 'CT'),
    element(TAG.StudyDescription, 'LO', 'CHEST '),
    element(TAG.PatientName, 'PN', name),
    element(TAG.PatientID, 'LO', '31010119800101123X'),
    element(tagNamed('PatientComments'), 'LT', 'not for display'),
    element(TAG.PixelData, 'OW', Buffer.alloc(100_000)),
  ])
}

function read(bytes: Buffer, syntax: string = ExplicitVRLittleEndian, chunk = 4096): DisplayAttributes {
  const reader = new DisplayReader(syntax)
  for (let at = 0; at < bytes.length; at += chunk)
    if (reader.push(Buffer.from(bytes.subarray(at, at + chunk)))) break
  return reader.attributes()
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

test.each([
  ['GB18030', 'GB18030 ', hex('b3c25ed0a1c3f7'), '陈^小明', false],
  ['GBK', 'GBK ', hex('b3c25ed0a1c3f7'), '陈^小明', false],
  ['UTF-8', 'ISO_IR 192', Buffer.from('陈^小明'), '陈^小明', false],
  [
    'ISO 2022 IR 58',
    '\\ISO 2022 IR 58',
    latin1('Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab'),
    'Zhang^XiaoDong=张^小东',
    false,
  ],
  [
    'Korean',
    '\\ISO 2022 IR 149',
    latin1('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7'),
    'Hong^Gildong=洪^吉洞',
    false,
  ],
  [
    'Japanese',
    '\\ISO 2022 IR 87',
    latin1('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B'),
    'Yamada^Tarou=山田^太郎',
    false,
  ],
  ['GB18030, nothing declared', '', hex('b3c25ed0a1c3f7'), '陈^小明', true],
  ['GB18030, declared as Latin 1', 'ISO_IR 100', hex('b3c25ed0a1c3f7'), '陈^小明', true],
  ['an apostrophe of Windows among Latin letters', 'ISO_IR 100', hex('4f92427269656e'), 'O’Brien', false],
  ['UTF-8, declared as GB18030', 'GB18030 ', Buffer.from('陈^小'), '陈^小', true],
  ['GB18030, declared as UTF-8', 'ISO_IR 192', hex('b3c25ed0a1c3f7'), '陈^小明', true],
])('a name in %s is read, and a guess is marked as one', (_, characterSet, name, text, isGuess) => {
  expect(read(head(characterSet, name)).patientName).toEqual({ text, isGuess })
})

test('the attributes that a person knows a study by are collected in every transfer syntax, in chunks of any size', () => {
  const expected = {
    studyDate: { text: '20261123', isGuess: false },
    accessionNumber: { text: 'A123456', isGuess: false },
    modality: { text: 'CT', isGuess: false },
    studyDescription: { text: 'CHEST', isGuess: false },
    patientName: { text: '陈^小明', isGuess: false },
    patientId: { text: '31010119800101123X', isGuess: false },
  }
  const name = hex('b3c25ed0a1c3f7')
  for (const chunk of [1, 7, 100_000]) {
    expect(read(head('GB18030 ', name), ExplicitVRLittleEndian, chunk)).toEqual(expected)
    expect(read(head('GB18030 ', name, IMPLICIT_LITTLE), ImplicitVRLittleEndian, chunk)).toEqual(expected)
    expect(read(deflateRawSync(head('GB18030 ', name)), DeflatedExplicitVRLittleEndian, chunk)).toEqual(
      expected,
    )
  }
})

test('it stops behind the patient ID', () => {
  const reader = new DisplayReader(ExplicitVRLittleEndian)
  const bytes = head('', latin1('A^B '))
  const end = bytes.indexOf('123X') + 4
  expect(reader.push(bytes.subarray(0, end - 1))).toBe(false)
  expect(reader.push(bytes.subarray(end - 1, end))).toBe(true)
})

test('the known encoding of a device is believed instead of the one that it declares', () => {
  const reader = new DisplayReader(ExplicitVRLittleEndian)
  reader.push(head('ISO_IR 100', hex('b3c25ed0a1c3f7')))
  expect(reader.attributes('GB18030').patientName).toEqual({ text: '陈^小明', isGuess: false })
})

test.each([
  ['no data set at all', Buffer.from('this is a text, and nothing else of note')],
  ['nothing', Buffer.alloc(0)],
  ['a name longer than any', head('', Buffer.alloc(4000, 'x'))],
])('no name is read from %s, and nothing is thrown', (_, bytes) => {
  expect(read(bytes).patientName).toBeUndefined()
})

test.each([
  ['陈^小明', '陈**'],
  ['Chen^XiaoMing=陈^小明', '陈**'],
  ['Wang^XiaoDong', 'W***'],
  ['홍길동', '홍**'],
  ['ﾔﾏﾀﾞ^ﾀﾛｳ', 'ﾔ**'],
  ['  ^Anna', 'A***'],
  ['欧阳^娜娜', '欧**'],
  ['123', '***'],
  ['', '***'],
])('%j is masked as %s', (name, masked) => {
  expect(maskName(name)).toBe(masked)
})

test('masked, little is left of a name and a number, and nothing of free text', () => {
  const masked = maskDisplay(read(head('GB18030 ', hex('b3c25ed0a1c3f7'))))
  expect(masked).toEqual({
    patientName: { text: '陈**', isGuess: false },
    patientId: { text: '***3X', isGuess: false },
    accessionNumber: { text: '***56', isGuess: false },
    studyDate: { text: '20261123', isGuess: false },
    modality: { text: 'CT', isGuess: false },
  })
  expect(maskDisplay({ patientId: { text: '1234', isGuess: false } }).patientId?.text).toBe('***')
})

test('a name is shown in characters where it has any', () => {
  expect(shownName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toBe('山田 太郎')
  expect(shownName('Wang^Xiao Dong^^Dr')).toBe('Wang Xiao Dong Dr')
  expect(shownName('Wang^XiaoDong=^')).toBe('Wang XiaoDong')
})

describeWithCorpus('real names', () => {
  test.each([
    ['charset/chrX1.dcm', 'Wang^XiaoDong=王^小東'],
    ['charset/chrX2.dcm', 'Wang^XiaoDong=王^小东'],
    ['charset/chrH31.dcm', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['charset/chrI2.dcm', 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['charset/chrGerm.dcm', 'Äneas^Rüdiger'],
  ])('the file %s names the patient %s', (file, name) => {
    const { dataSet, transferSyntaxUid } = splitPart10(corpusPath(file)) ?? {}
    const { patientName } = read(dataSet ?? Buffer.alloc(0), transferSyntaxUid)
    expect(patientName).toMatchObject({ isGuess: false })
    expect(patientName?.text.replace(/[=^]+$/, '')).toBe(name)
  })
})
