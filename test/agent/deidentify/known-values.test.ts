import { describe, expect, test } from '@jest/globals'
import { KnownValueSearch, type KnownValues } from '../../../src/agent/deidentify/names/known-value-search.ts'
import { collectKnownValues } from '../../../src/agent/deidentify/names/known-values.ts'
import { KnownValuesCache } from '../../../src/agent/deidentify/names/known-values-cache.ts'
import { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE } from '../../dicom/build-data-set.ts'
import { failureOf } from '../../dicom/read-tokens.ts'
import { tagNamed, tagOf } from '../../support/instances/tag-named.ts'

const UTF_8 = 'ISO_IR 192'

function known(values: Record<number, [vr: string, text: string]>, cache?: KnownValuesCache): KnownValues {
  const head = new ElementList(EXPLICIT_LITTLE)
  for (const [tag, [vr, text]] of Object.entries(values)) head.set(Number(tag), vr, Buffer.from(text))
  return collectKnownValues(head, UTF_8, cache)
}

const PATIENT = known({
  [TAG.AccessionNumber]: ['SH', 'CT20240117'],
  [tagNamed('ReferringPhysicianName')]: ['PN', 'LI^NA'],
  [TAG.PatientName]: ['PN', 'ZHANG^XIAOMING=张^小明'],
  [TAG.PatientID]: ['LO', '11010519491231002X'],
  [TAG.PatientBirthDate]: ['DA', '19700131'],
  [TAG.OtherPatientIDs]: ['LO', 'P0012345\\2024'],
  [tagNamed('OtherPatientNames')]: ['PN', 'Müller^Hans Peter'],
  [TAG.PatientAddress]: ['LO', '北京市朝阳区建国路88号'],
  [tagNamed('PatientMotherBirthName')]: ['PN', '单^田芳'],
  [TAG.PatientTelephoneNumbers]: ['SH', '+86 138-0013-8000\\010-87654321'],
  [TAG.AdmissionID]: ['LO', 'ADM 77-1234'],
})

function scrub(text: string, values = PATIENT, vr = 'LO'): string {
  return values.scrub(Buffer.from(text), UTF_8, vr).toString()
}

test.each([
  ['in the suffix', 'Jonathan^^^^Miller', 'MILLER, Jonathan supine', '*** supine'],
  ['in the suffix, with an empty family name', '^Jonathan^^^Miller', 'pat. Miller', 'pat. ***'],
  ['in the suffix beside another', 'Baxter^Jonathan^^^Miller', 'Jonathan Miller aged', '*** aged'],
  ['in the suffix, of one syllable', 'Xiaoming^^^^Li', 'LI XIAOMING', '***'],
  ['in the prefix', '^Jonathan^^Miller', 'chest of Miller', 'chest of ***'],
  ['behind a degree', 'Baxter^Jonathan^^Dr.^MD Miller', 'Miller', '***'],
])('a name %s is found', (_, name, text, expected) => {
  expect(scrub(text, known({ [TAG.PatientName]: ['PN', name] }))).toBe(expected)
})

test('a title, a degree and an initial in prefix or suffix are not taken for a name', () => {
  const values = known({ [TAG.PatientName]: ['PN', 'Baxter^Jonathan^^Prof. Dr.^M.D. III'] })
  for (const text of ['Prof. III', 'MD protocol', 'patient M 45 years'])
    expect(scrub(text, values)).toBe(text)
})

describe('known values of a patient', () => {
  test.each([
    ['as it is', 'pat. ZHANG^XIAOMING, supine', 'pat. ***, supine'],
    ['the other way round', 'XIAOMING ZHANG', '***'],
    ['in syllables', 'zhang xiao-ming', '***'],
    ['within a file name', 'IMG_ZhangXiaoming01', 'IMG_***01'],
    ['with tones', 'Zhāng Xiǎomíng', '***'],
    ['in full width', 'ＺＨＡＮＧ　ＸＩＡＯＭＩＮＧ', '***'],
    ['the given name alone', 'XIAOMING aged', '*** aged'],
    ['with a form of address', 'Mr. Zhang complains', '*** complains'],
    ['Chinese', '患者张小明胸痛', '患者***胸痛'],
    ['Chinese, the other way round', '小明 张', '***'],
    ['Chinese in traditional characters', '張小明', '***'],
    ['Chinese with a form of address', '张先生腹痛', '***腹痛'],
    ['Chinese, half masked', '张某某', '***'],
    ['both component groups', 'Zhang^Xiaoming=张^小明', '***=***'],
    ['in the pinyin of family names', 'Shan Tianfang', '***'],
    ['in the pinyin of the dictionary', 'DAN TIANFANG', '***'],
    ['with an umlaut written out', 'Mueller, Hans', '***'],
    ['in decomposed letters', 'Mu\u0308ller Hans-Peter', '***'],
    ['a short name, whole', 'pat. LI NA', 'pat. ***'],
    ['a short name with a form of address', 'Dr. LI NA', '***'],
    ['an ID without its letters', 'ID:0012345.', 'ID:***.'],
    ['an ID card number in groups', '110105 19491231 002X', '***'],
    ['an ID card number as it was until 1999', '110105491231002', '***'],
    ['the birth date in an ID card number', '1949-12-31', '***'],
    ['an ID card number of somebody else', 'mother 440301198001010018', 'mother ***'],
    ['a telephone number without the country', '13800138000', '***'],
    ['a telephone number with it', '+8613800138000', '+***'],
    ['a telephone number without the area', '8765 4321', '***'],
    ['an accession number', 'acc ct-20240117', 'acc ***'],
    ['an accession number, joined', 'acc CT20240117A', 'acc ***A'],
    ['an admission ID, joined otherwise', 'adm77_1234', '***'],
    ['a street without its city', '住建国路88号', '住***'],
    ['a short number behind its label', 'ID: 2024', '***'],
  ])('a known value written %s is taken out of "%s"', (_, text, expected) => {
    expect(scrub(text)).toBe(expected)
  })

  test.each([
    '19700131',
    '1970-01-31',
    '1970/1/31',
    '31.01.1970',
    '01/31/1970',
    '31-JAN-1970',
    'January 31st, 1970',
    '31 Jan 70',
    '70-01-31',
    '1970年1月31日',
    '1970 年 01 月 31 日',
    '一九七〇年一月三十一日',
    '１９７０．１．３１',
    '1970:01:31',
  ])('a birth date written as %s is taken out', (text) => {
    expect(scrub(`born ${text}`)).toBe('born ***')
  })
})

test.each([
  'LI',
  'NA 140',
  'MING',
  'ZHANG',
  'AN',
  'CT CHEST',
  'ORIGINAL\\PRIMARY\\AXIAL',
  'line 3',
  'finale',
  '一张X光片',
  '扩张',
  '1024x1024',
  'CT 2024',
  '120 kV 50 mA',
  '1.2.70.01.31.4',
  '110105194912310021',
  '123456789012345678',
  'mean 1970 HU',
])('text that only resembles a known value stays: %s', (text) => {
  const value = Buffer.from(text)
  expect(PATIENT.scrub(value, UTF_8, 'LO')).toBe(value)
})

test('words that are names too are searched only beside the rest of the name', () => {
  const values = known({ [TAG.PatientName]: ['PN', 'WHITE^LONG'] })
  expect(scrub('white matter, long axis', values)).toBe('white matter, long axis')
  expect(scrub('Long White; Mrs White', values)).toBe('***; ***')
})

test.each([
  ['in a URL', 'http://pacs/find?name=%E5%BC%A0%E4%B8%89&x=1'],
  ['in a URL in GB 18030', 'http://pacs/find?name=%D5%C5%C8%FD&x=1'],
  ['in a URL with a space', 'http://pacs/find?name=Zhang%20San'],
  ['in XML', '<name>&#24352;&#x4e09;</name>'],
  ['in JSON', String.raw`{"name":"\u5f20\u4e09"}`],
  ['with signs that nobody sees', '胸部 张\u200b三 平扫'],
])('a name that is escaped %s does not stay', (_, written) => {
  const values = known({ [TAG.PatientName]: ['PN', 'Zhang^San=张^三'] })
  expect(scrub(written, values)).not.toBe(written)
  // The control: it is not the escapes that do not stay.
  expect(scrub(written, known({ [TAG.PatientName]: ['PN', 'Okafor^Ada'] }))).toBe(written)
})

test('the replacement is never longer than the value that it replaces, and is allowed in the VR', () => {
  const values = known({ [TAG.PatientName]: ['PN', '张^三'] })
  expect(scrub('张三', values)).toBe('**')
  expect(scrub('PHASE_ZHANG_SAN', values, 'CS')).toBe('PHASE_X')
  expect(scrub('ZHANG SAN', values, 'DS')).toBe('')
})

test('values in items, also of private sequences, are known', () => {
  const head = new ElementList(EXPLICIT_LITTLE)
  head.setSequence(tagNamed('OtherPatientIDsSequence'), [
    (item) => item.set(TAG.PatientID, 'LO', Buffer.from('MRN7654321')),
  ])
  head.setSequence(tagOf(0x0009, 0x1001), [
    (item) => item.set(tagOf(0x0009, 0x1002), 'PN', Buffer.from('Okafor^Chidi')),
  ])
  expect(scrub('7654321 okafor', collectKnownValues(head, UTF_8))).toBe('*** ***')
})

test('slices of one patient share one search, others do not', () => {
  const cache = new KnownValuesCache(2)
  const [zhang, li]: [Parameters<typeof known>[0], Parameters<typeof known>[0]] = [
    { [TAG.PatientName]: ['PN', 'ZHANG^SAN'] },
    { [TAG.PatientName]: ['PN', 'LI^SI'] },
  ]
  const first = known(zhang, cache)
  expect(known(zhang, cache)).toBe(first)
  expect(known(li, cache)).not.toBe(first)
  expect(known(zhang, cache)).toBe(first)
  known({ [TAG.PatientName]: ['PN', 'WANG^WU'] }, cache)
  expect(known(zhang, cache)).toBe(first)
  known({ [TAG.PatientName]: ['PN', 'ZHAO^LIU'] }, cache)
  known(li, cache)
  expect(known(zhang, cache)).not.toBe(first)
})

test('a data set in which nothing is known loses nothing but ID card numbers', () => {
  expect(scrub('Zhang San, 11010519491231002X', known({}))).toBe('Zhang San, ***')
})

describe('names that take minutes to search for', () => {
  const many = Array.from({ length: 130 }, (_, i) => `OKAFOR${i}^CHIDI`)

  test.each([
    ['a name of many parts', 'PN', 'OKAFOR '.repeat(30).trim()],
    ['a name without an end', 'PN', 'OKAFOR'.repeat(50)],
    ['names without an end', 'PN', many.join('\\')],
    ['an address without an end', 'LO', 'OKAFOR STREET '.repeat(100)],
  ])('%s', (_, vr, text) => {
    const tag = vr === 'PN' ? TAG.PatientName : TAG.PatientAddress
    expect(whyWithheld(() => known({ [tag]: [vr, text] }))).toMatch(
      /^de-identifying an instance: (?!.*okafor)/i,
    )
  })

  test('an instance with endlessly many persons is withheld', () => {
    const head = new ElementList(EXPLICIT_LITTLE)
    head.setSequence(
      tagNamed('OtherPatientIDsSequence'),
      many.map((name) => (item) => item.set(TAG.PatientName, 'PN', Buffer.from(name))),
    )
    expect(whyWithheld(() => collectKnownValues(head, UTF_8))).toMatch(
      /^de-identifying an instance: (?!.*okafor)/i,
    )
  })

  test('a name with more spellings than a pattern can hold withholds its instance', () => {
    const forms = Array.from({ length: 40_000 }, (_, i) => ({
      source: `okafor${i}`,
      apart: 'from-both' as const,
    }))
    const search = new KnownValueSearch(forms)
    expect(whyWithheld(() => search.scrub(Buffer.from('okafor'), UTF_8, 'LO'))).toMatch(
      /^de-identifying an instance: (?!.*okafor)/i,
    )
  })

  test('one person who is named a thousand times counts as one', () => {
    const head = new ElementList(EXPLICIT_LITTLE)
    head.setSequence(
      tagNamed('OtherPatientIDsSequence'),
      Array.from({ length: 1000 }, () => okafor),
    )
    expect(scrub('chidi okafor', collectKnownValues(head, UTF_8))).toBe('***')
  })
})

const okafor = (item: ElementList): void => item.set(TAG.PatientName, 'PN', Buffer.from('OKAFOR^CHIDI'))

/** Returns the words of the failure; '' if it is not withheld, or keeps an error as cause, which may contain a name. */
function whyWithheld(work: () => unknown): string {
  const failure = failureOf(work)
  return failure?.code === 'DEID_WITHHELD' && failure.cause === undefined ? failure.message : ''
}
