import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { filingOf, studyKeyAtCenter, studyKeyOf, studyKeySchema } from '../../src/protocol/study-key.ts'

const CT1 = {
  studyInstanceUid: '',
  seriesInstanceUid: '',
  callingAeTitle: 'CT1',
  arrivedAt: '2026-11-30T07:59:59.123Z',
  policy: 'identified',
}

test('an instance with a study UID belongs to its study, and one without to a filing of its device and day', () => {
  expect(studyKeyOf({ ...CT1, studyInstanceUid: '1.2.3' })).toBe('1.2.3')
  expect(studyKeyOf(CT1)).toBe('no-study-uid:CT1:2026-11-30::identified')
  expect(
    studyKeyOf({ ...CT1, callingAeTitle: 'CT 1:A%', seriesInstanceUid: '1.2', policy: 'deidentified:研' }),
  ).toBe('no-study-uid:CT%201%3aA%25:2026-11-30:1.2:deidentified%3a%e7%a0%94')
  expect(studyKeyOf({ ...CT1, seriesInstanceUid: "x' OR 1" })).toBe(studyKeyOf(CT1))
})

test('a study UID that looks like a filing is not a filing, so no device reaches the filing of another', () => {
  const forged = { ...CT1, studyInstanceUid: 'no-study-uid:CT2:2026-11-30::identified' }
  expect(studyKeyOf(forged)).toBe(studyKeyOf(CT1))
})

test('two instances have one filing only if device, day, series and policy are the same', () => {
  const text = fc.string({ maxLength: 6, unit: 'grapheme' })
  const names = fc.record({
    callingAeTitle: text,
    seriesInstanceUid: fc.constantFrom('', '1.2', '1.23'),
    policy: text,
    arrivedAt: fc.constantFrom('2026-11-30T00:00:00Z', '2026-12-01T00:00:00Z'),
  })
  fc.assert(
    fc.property(names, names, (one, other) => {
      const [a, b] = [one, other].map((it) => studyKeyOf({ ...it, studyInstanceUid: '' }))
      const isSame = (['callingAeTitle', 'seriesInstanceUid', 'policy', 'arrivedAt'] as const).every(
        (field) => one[field] === other[field],
      )
      expect(a === b).toBe(isSame)
      expect(a).toMatch(/^[A-Za-z0-9._%:-]+$/)
      expect(studyKeySchema.parse(a)).toBe(a)
      expect(filingOf(a ?? '')).toEqual({
        callingAeTitle: one.callingAeTitle,
        day: one.arrivedAt.slice(0, 10),
        seriesInstanceUid: one.seriesInstanceUid,
      })
    }),
  )
})

test('at the center a filing is of one agent, and a study is of itself', () => {
  expect(studyKeyAtCenter('1.2.3', 'aa')).toBe('1.2.3')
  const key = studyKeyOf(CT1)
  expect(studyKeyAtCenter(key, 'aa')).not.toBe(studyKeyAtCenter(key, 'bb'))
  expect(filingOf(studyKeyAtCenter(key, 'aa'))).toEqual(filingOf(key))
})
