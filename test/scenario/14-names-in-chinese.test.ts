import { expect, test } from '@jest/globals'
import iconv from 'iconv-lite'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const { element } = writer(EXPLICIT_LITTLE)
const even = (bytes: Buffer, padding: number): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(padding)])

/** Characters whose second byte in GBK is that of a backslash, a caret or a bar, which part names and values in ASCII. */
function charactersWithSecondByte(second: number, count: number): string {
  const found: string[] = []
  for (let first = 0xb0; first < 0xf7 && found.length < count; first++) {
    const [text, back] = [iconv.decode(Buffer.of(first, second), 'gbk'), Buffer.of(first, second)]
    if (text.length === 1 && iconv.encode(text, 'gbk').equals(back)) found.push(text)
  }
  return found.join('')
}

const TRICKY = [0x5c, 0x5e, 0x7c].map((second) => charactersWithSecondByte(second, 3))
const NAMES = ['陈^小明', '欧阳^娜娜', '張^國榮', '王^芳', ...TRICKY.map((text) => `李^${text}`)]

interface Case {
  readonly name: string
  readonly declared: string
  readonly bytes: Buffer
  readonly text: string
  /** The declared character set is not that of the bytes: the reading must be marked as a guess. */
  readonly isGuess: boolean
}

const escaped = (name: string): Buffer =>
  Buffer.concat(
    name
      .split('^')
      .flatMap((part, i) => [
        Buffer.from(i === 0 ? '' : '^'),
        Buffer.from('\x1b$)A', 'latin1'),
        iconv.encode(part, 'gb2312'),
      ]),
  )

const inGb2312 = (name: string): boolean => iconv.decode(iconv.encode(name, 'gb2312'), 'gb2312') === name

const CASES: readonly Case[] = NAMES.flatMap((text) => [
  { name: 'GB18030', declared: 'GB18030', bytes: iconv.encode(text, 'gb18030'), text, isGuess: false },
  { name: 'GBK', declared: 'GBK', bytes: iconv.encode(text, 'gbk'), text, isGuess: false },
  { name: 'UTF-8', declared: 'ISO_IR 192', bytes: Buffer.from(text), text, isGuess: false },
  { name: 'GBK undeclared', declared: '', bytes: iconv.encode(text, 'gbk'), text, isGuess: true },
  { name: 'GBK as Latin 1', declared: 'ISO_IR 100', bytes: iconv.encode(text, 'gbk'), text, isGuess: true },
  ...(inGb2312(text)
    ? [
        {
          name: 'ISO 2022 IR 58',
          declared: '\\ISO 2022 IR 58',
          bytes: escaped(text),
          text,
          isGuess: false,
        },
      ]
    : []),
])

function instanceOf({ declared, bytes }: Pick<Case, 'declared' | 'bytes'>): RawInstance & { study: string } {
  const [sopInstanceUid, study] = [newUid(), newUid()]
  const uid = (tag: number, value: string): Buffer => element(tag, 'UI', even(Buffer.from(value), 0))
  const dataSet = Buffer.concat([
    ...(declared === '' ? [] : [element(TAG.SpecificCharacterSet, 'CS', even(Buffer.from(declared), 0x20))]),
    uid(TAG.SOPClassUID, CT),
    uid(TAG.SOPInstanceUID, sopInstanceUid),
    element(TAG.PatientName, 'PN', even(bytes, 0x20)),
    element(TAG.PatientID, 'LO', 'W4711 '),
    uid(TAG.StudyInstanceUID, study),
    uid(TAG.SeriesInstanceUID, newUid()),
  ])
  return {
    sopClassUid: CT,
    sopInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet,
    study,
  }
}

/** Returns the names shown of each study, once all of it has crossed byte for byte. */
async function shown(clinic: Clinic, instances: readonly (RawInstance & { study: string })[]) {
  const answers = await sendInstances(clinic.agent.port, instances)
  expect(answers.filter(({ status }) => status !== 0)).toEqual([])
  await allSettled(clinic)
  const stored = new Set(
    storedAtCenter(clinic.settings.dataFolder.replace(/agent$/, 'center')).map((one) => one.dataSetSha256),
  )
  expect(instances.filter(({ dataSet }) => !stored.has(sha256(dataSet)))).toEqual([])
  return instances.map(({ study }) => {
    const request = { osUser: 'test', studyInstanceUid: study, limit: 1 }
    const [first] = clinic.agent.service.showNames(request).studies
    return first?.display === 'lost' ? undefined : first?.display?.patientName
  })
}

test('names in every Chinese encoding keep their bytes, and are shown right, or as a guess where the declaration is wrong', async () => {
  expect(TRICKY.map(({ length }) => length)).toEqual([3, 3, 3])
  await using clinic = await openClinic({ settings: { displayNames: 'local-key' } })
  const names = await shown(clinic, CASES.map(instanceOf))
  const told = CASES.map(({ name, text, isGuess }, i) => ({ name, wanted: text, isGuess, shown: names[i] }))
  expect(told.filter((one) => one.shown?.text !== one.wanted || one.shown.isGuess !== one.isGuess)).toEqual(
    [],
  )
})

test('a name that was cut off in the middle of a character keeps its bytes, and is shown up to there', async () => {
  await using clinic = await openClinic({ settings: { displayNames: 'local-key' } })
  const long = '欧阳^震华震华震华震华震华震华'
  const cut = [
    { declared: 'GB18030', bytes: iconv.encode(long, 'gb18030').subarray(0, 16) },
    { declared: 'GBK', bytes: iconv.encode(long, 'gbk').subarray(0, 18) },
    { declared: 'ISO_IR 192', bytes: Buffer.from(long).subarray(0, 20) },
    { declared: '', bytes: iconv.encode(long, 'gbk').subarray(0, 18) },
    { declared: 'ISO_IR 100', bytes: iconv.encode(long, 'gbk').subarray(0, 18) },
  ]
  const names = await shown(clinic, cut.map(instanceOf))
  for (const [i, name] of names.entries()) {
    const isRight = name?.text.startsWith('欧阳^震华震') === true
    expect({ declared: cut[i]?.declared, name, isRight: isRight || name?.isGuess === true }).toMatchObject({
      isRight: true,
    })
  }
})
