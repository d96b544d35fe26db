import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  encodePart10Header,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  parsePart10Header,
} from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { isUid } from '../../src/dicom/vocabulary/uid.ts'
import { corpusFiles, corpusPath, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { tagNamed } from '../support/instances/tag-named.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE, writer } from './build-data-set.ts'
import { failureOf } from './read-tokens.ts'

const UIDS = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.45',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
}
const header = encodePart10Header({ ...UIDS, sourceApplicationEntityTitle: 'CT_1' })
const dataSet = writer(EXPLICIT_LITTLE).element(TAG.SOPClassUID, 'UI', '1.23')
const PREFIX = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])

test('a header that was written is read again, whatever follows it', () => {
  const expected = { ...UIDS, isAmbiguous: false, headerBytes: header.length }
  expect(parsePart10Header(header)).toEqual(expected)
  expect(parsePart10Header(Buffer.concat([header, dataSet]))).toEqual(expected)
})

test('a header that names a UID twice is called ambiguous', () => {
  const twice = Buffer.concat([
    header,
    writer(EXPLICIT_LITTLE).element(tagNamed('MediaStorageSOPInstanceUID'), 'UI', '1.2.9\0'),
    dataSet,
  ])
  expect(parsePart10Header(twice)).toMatchObject({ ...UIDS, isAmbiguous: true })
})

test('a header has the bytes that PS3.10 asks for', () => {
  expect(header.subarray(0, 132)).toEqual(PREFIX)
  expect(header.toString('latin1', 132, 144)).toBe('\x02\0\0\0UL\x04\0' + header.toString('latin1', 140, 144))
  expect(header.readUInt32LE(140)).toBe(header.length - 144)
  const text = header.toString('latin1')
  expect(text).toContain('\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01')
  expect(text).toContain('\x02\0\x02\0UI\x1a\x001.2.840.10008.5.1.4.1.1.2\0')
  expect(text).toContain('\x02\0\x03\0UI\x08\x001.2.3.45')
  expect(IMPLEMENTATION_VERSION_NAME).toBe('FERRY')
  expect(text).toContain('\x02\0\x13\0SH\x06\0FERRY ')
  expect(text).toContain('\x02\0\x16\0AE\x04\0CT_1')
  expect(header.length % 2).toBe(0)
  expect(isUid(IMPLEMENTATION_CLASS_UID)).toBe(true)
})

test('as long as the header is not whole, more bytes are asked for', () => {
  for (let length = 0; length < header.length; length++) {
    expect(parsePart10Header(header.subarray(0, length))).toBeUndefined()
  }
})

/** The header with another group length, or without any. */
function withGroupLength(length: number | undefined): Buffer {
  if (length === undefined) return Buffer.concat([header.subarray(0, 132), header.subarray(144)])
  const copy = Buffer.from(header)
  copy.writeUInt32LE(length, 140)
  return copy
}

test.each([undefined, 0, 12, header.length - 144 - 12, 0xffff_ffff])(
  'a group length of %p does no harm',
  (length) => {
    const odd = withGroupLength(length)
    expect(parsePart10Header(Buffer.concat([odd, dataSet]))).toEqual({
      ...UIDS,
      isAmbiguous: false,
      headerBytes: odd.length,
    })
  },
)

test('a file that begins with group 0002, and one whose group 0002 is in implicit VR, are read', () => {
  const bare = Buffer.concat([header.subarray(132), dataSet])
  expect(parsePart10Header(bare)).toEqual({ ...UIDS, isAmbiguous: false, headerBytes: header.length - 132 })
  const implicit = writer(IMPLICIT_LITTLE)
  const meta = implicit.element(tagNamed('TransferSyntaxUID'), 'UI', UIDS.transferSyntaxUid)
  expect(parsePart10Header(Buffer.concat([PREFIX, meta, dataSet]))).toEqual({
    sopClassUid: '',
    sopInstanceUid: '',
    transferSyntaxUid: UIDS.transferSyntaxUid,
    isAmbiguous: false,
    headerBytes: 132 + meta.length,
  })
})

test('a file that is not DICOM is refused, as is a header without end', () => {
  expect(failureOf(() => parsePart10Header(Buffer.alloc(132)))?.code).toBe('DATA_SET_UNREADABLE')
  const endless = Buffer.concat([PREFIX, Buffer.from('\x02\0\x02\x01OB\0\0\xff\xff\xff\xff', 'latin1')])
  expect(failureOf(() => parsePart10Header(endless))?.message).toMatch(/over 1048576 bytes/)
  const long = Buffer.concat([
    PREFIX,
    ...Array.from({ length: 132_000 }, () => Buffer.from('\x02\0\x02\0UI\0\0', 'latin1')),
  ])
  expect(failureOf(() => parsePart10Header(long))?.message).toMatch(/over 1048576 bytes/)
})

test('no bytes after the prefix make the reader throw anything but a Failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, inGroup) => {
      const file = Buffer.concat([PREFIX, inGroup ? Buffer.from([2, 0]) : Buffer.alloc(0), bytes])
      const failure = failureOf(() => parsePart10Header(file))
      expect([undefined, 'DATA_SET_UNREADABLE']).toContain(failure?.code)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

describeWithCorpus('the header of a real file', () => {
  test('every real file with file meta information is split where its transfer syntax begins', () => {
    const notPart10: string[] = []
    const otherwise: string[] = []
    let count = 0
    for (const { name, path, transferSyntaxUid } of corpusFiles()) {
      const split = splitPart10(path)
      if (split === undefined) notPart10.push(name)
      else count++
      if (split !== undefined && split.transferSyntaxUid !== transferSyntaxUid) otherwise.push(name)
    }
    expect(otherwise).toEqual([])
    expect(count).toBe(191)
    expect(notPart10).toEqual([
      'odd/no-meta-explicit-le-tiny.dcm',
      'odd/no-preamble-rtstruct.dcm',
      'odd/no-preamble-stray-first-byte.dcm',
      'odd/text-file-with-dicom-extension.dicom',
    ])
  })

  test('a file cut off anywhere in its header asks for more bytes and is then read alike', () => {
    for (const name of [
      'odd/meta-group-length-missing-us.dcm',
      'odd/odd-length-meta-and-unsorted-tags.dcm',
    ]) {
      const bytes = readFileSync(corpusPath(name))
      const whole = parsePart10Header(bytes)
      const headerBytes = whole?.headerBytes ?? 0
      expect(headerBytes).toBeGreaterThan(200)
      for (let length = 0; length < headerBytes; length++) {
        expect(parsePart10Header(bytes.subarray(0, length))).toBeUndefined()
      }
      for (let length = headerBytes + 2; length <= bytes.length; length++) {
        expect(parsePart10Header(bytes.subarray(0, length))).toEqual(whole)
      }
    }
  })
})
