import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import { ElementWalk } from '../../../src/agent/deidentify/element/element-walk.ts'
import type { DeidProfile } from '../../../src/agent/deidentify/element/profile.ts'
import { OutputCheck } from '../../../src/agent/deidentify/output/output-check.ts'
import { editedDataSet } from '../../../src/agent/intake/edited-data-set.ts'
import type { DataSetEdits } from '../../../src/dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import {
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  UNDEFINED,
  writer,
} from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../../support/instances/tag-named.ts'
import { readStrictly } from '../../support/kinds/strict-reading.ts'
import { profileWith, TEST_KEY } from './deidentify-element.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const even = (text: string, padding = ' '): string => (text.length % 2 === 0 ? text : text + padding)

interface Way {
  readonly uid: string
  readonly encoding: typeof EXPLICIT_LITTLE
  readonly isCompressed: boolean
}
const WAYS: readonly Way[] = [
  { uid: TRANSFER_SYNTAX.ExplicitVRLittleEndian, encoding: EXPLICIT_LITTLE, isCompressed: false },
  { uid: TRANSFER_SYNTAX.ImplicitVRLittleEndian, encoding: IMPLICIT_LITTLE, isCompressed: false },
  { uid: TRANSFER_SYNTAX.ExplicitVRBigEndian, encoding: EXPLICIT_BIG, isCompressed: false },
  { uid: TRANSFER_SYNTAX.RLELossless, encoding: EXPLICIT_LITTLE, isCompressed: true },
]

/** An image with sequences of both kinds, a private element and group lengths. */
function imageOf({ encoding, isCompressed }: Way): Buffer {
  const { element, item, itemEnd, sequenceEnd } = writer(encoding)
  const short = (value: number): Buffer =>
    Buffer.from(encoding.littleEndian ? [value & 0xff, value >>> 8] : [value >>> 8, value & 0xff])
  const reference = element(TAG.ReferencedSOPInstanceUID, 'UI', even('1.2.3.9', '\0'))
  return Buffer.concat([
    element(TAG.SOPClassUID, 'UI', even(CT, '\0')),
    element(TAG.SOPInstanceUID, 'UI', even('1.2.3.4', '\0')),
    element(TAG.Modality, 'CS', 'CT'),
    element(TAG.ReferencedImageSequence, 'SQ', item(reference)),
    element(tagOf(0x0009, 0x0010), 'LO', 'ACME'),
    element(tagOf(0x0009, 0x1001), 'UN', Buffer.from([0xfe, 0xff, 0, 0xe0, 9, 9])),
    element(TAG.PatientName, 'PN', even('Hidden^Person')),
    element(TAG.PatientID, 'LO', even('HIDDEN-77')),
    element(TAG.StudyInstanceUID, 'UI', even('1.2.3', '\0')),
    element(TAG.SeriesInstanceUID, 'UI', even('1.2.3.1', '\0')),
    element(TAG.SamplesPerPixel, 'US', short(1)),
    element(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '),
    element(TAG.Rows, 'US', short(8)),
    element(TAG.Columns, 'US', short(8)),
    element(TAG.BitsAllocated, 'US', short(8)),
    element(TAG.BitsStored, 'US', short(8)),
    element(TAG.HighBit, 'US', short(7)),
    element(TAG.PixelRepresentation, 'US', short(0)),
    element(
      tagNamed('RequestAttributesSequence'),
      'SQ',
      Buffer.concat([
        item(element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1'), UNDEFINED),
        itemEnd,
        sequenceEnd,
      ]),
      UNDEFINED,
    ),
    isCompressed
      ? Buffer.concat([
          element(TAG.PixelData, 'OB', '', UNDEFINED),
          item(Buffer.alloc(0)),
          item(Buffer.alloc(64, 7)),
          sequenceEnd,
        ])
      : element(TAG.PixelData, 'OW', Buffer.alloc(64, 7)),
  ])
}

function deidOf(uid: string, profile: Partial<DeidProfile> = {}): Deidentification {
  return new Deidentification({
    profile: profileWith([], profile),
    key: TEST_KEY,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid: CT,
    transferSyntaxUid: uid,
  })
}

/** Returns the bytes that leave by edits that may have a defect, or the words of the failure that withheld them. */
function leaving(
  dataSet: Buffer,
  uid: string,
  defect?: (edits: DataSetEdits) => DataSetEdits,
  chunk = 100,
): Buffer | string {
  const deid = deidOf(uid)
  const change = editedDataSet(uid, defect?.(deid) ?? deid, () => uid, deid.outputCheck())
  const out: Buffer[] = []
  try {
    for (let at = 0; at < dataSet.length; at += chunk)
      out.push(...change.push(dataSet.subarray(at, at + chunk)))
    out.push(...change.finish())
    return Buffer.concat(out)
  } catch (error) {
    if (error instanceof Failure && error.code === 'DEID_WITHHELD') return error.message
    throw error
  }
}

test.each(WAYS)('a whole image in $uid leaves, in whatever pieces it comes', (way) => {
  const dataSet = imageOf(way)
  const whole = leaving(dataSet, way.uid)
  expect(Buffer.isBuffer(whole)).toBe(true)
  for (const chunk of [1, 2, 7, 13, 10_000])
    expect(leaving(dataSet, way.uid, undefined, chunk)).toEqual(whole)
  // Devices fill up to a block.
  for (const zeros of [1, 7, 8, 500])
    expect(leaving(Buffer.concat([dataSet, Buffer.alloc(zeros)]), way.uid)).toEqual(whole)
})

test('a deflated image is compared as it is inflated', () => {
  const uid = TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian
  const deflated = deflateRawSync(imageOf({ uid, encoding: EXPLICIT_LITTLE, isCompressed: false }))
  expect(Buffer.isBuffer(leaving(deflated, uid))).toBe(true)
  expect(leaving(deflated, uid, dropping(TAG.PatientID))).toMatch(/PatientID/)
})

/** Does with the head what is wrong, after everything has been done right. */
const wrongly =
  (spoil: (head: ElementList) => void) =>
  (edits: DataSetEdits): DataSetEdits => ({
    dropRest: true,
    edit: (part, before) => {
      edits.edit(part, before)
      if (before !== undefined) spoil(part)
    },
    large: (element) => edits.large(element),
  })
const dropping = (tag: number) => wrongly((head) => head.keep((element) => element.tag !== tag))

const DEFECTS: readonly (readonly [string, ReturnType<typeof wrongly>, RegExp])[] = [
  ...[
    TAG.SOPClassUID,
    TAG.SOPInstanceUID,
    TAG.PatientName,
    TAG.PatientID,
    TAG.StudyInstanceUID,
    TAG.SeriesInstanceUID,
    TAG.Rows,
    TAG.Columns,
  ].map((tag) => [`drops ${tag.toString(16)}`, dropping(tag), /lacks \w+/] as const),
  [
    'drops the pixel data',
    (edits) => ({ ...wrongly(() => {})(edits), large: () => 'remove' as const }),
    /lacks PixelData/,
  ],
  [
    'cuts the pixel data',
    (edits) => ({
      ...wrongly(() => {})(edits),
      large: () => ({
        push: (token) => (token.kind === 'value' ? [token.bytes.subarray(0, 10)] : [token.bytes]),
      }),
    }),
    /./,
  ],
  [
    'empties the Study Instance UID',
    wrongly((head) => head.find(TAG.StudyInstanceUID)?.replace(Buffer.alloc(0))),
    /empty StudyInstanceUID/,
  ],
  ['changes the rows', wrongly((head) => head.find(TAG.Rows)?.replace(Buffer.from([9, 9]))), /another Rows/],
  [
    'changes the class',
    wrongly((head) => head.find(TAG.SOPClassUID)?.replace(Buffer.from('1.2 '))),
    /another SOPClassUID/,
  ],
  [
    'writes a Patient ID twice',
    wrongly((head) => {
      const id = head.find(TAG.PatientID)
      if (id !== undefined) head.insert(id)
    }),
    /twice/,
  ],
  [
    'writes elements in the wrong order',
    wrongly((head) => {
      const name = head.find(TAG.PatientName)
      if (name === undefined) return
      head.remove(name)
      head.append(name)
    }),
    /wrong order/,
  ],
  [
    'writes bytes that are not an element',
    wrongly((head) => head.setWritten(TAG.DeidentificationMethod, Buffer.from('rubbish!'))),
    /./,
  ],
]

test.each(DEFECTS)('a copy does not leave if the program %s', (_, defect, why) => {
  for (const way of WAYS) expect(leaving(imageOf(way), way.uid, defect)).toMatch(why)
  // The control: the same edits without the defect.
  for (const way of WAYS)
    expect(
      Buffer.isBuffer(
        leaving(
          imageOf(way),
          way.uid,
          wrongly(() => {}),
        ),
      ),
    ).toBe(true)
})

const ANNOUNCED = [
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
  TAG.Rows,
  TAG.Columns,
  TAG.PixelData,
]

test('a copy that is cut anywhere does not leave, nor one that has a part twice, unless all announced values are whole', () => {
  for (const way of WAYS) {
    const dataSet = imageOf(way)
    const check = (out: Buffer): string | undefined => {
      const parts = { transferSyntaxUid: way.uid, rules: [], encodesFrames: () => false }
      const outputCheck = new OutputCheck(parts)
      outputCheck.took(dataSet)
      outputCheck.gave([out])
      try {
        outputCheck.finish()
        return undefined
      } catch (error) {
        return error instanceof Failure ? error.code : 'another error'
      }
    }
    expect(check(dataSet)).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(dataSet.length - 1), fc.integer({ min: 1, max: 80 }), (at, bytes) => {
        expect(check(dataSet.subarray(0, at))).toBe('DEID_WITHHELD')
        const end = Math.min(dataSet.length, at + bytes)
        const doubled = Buffer.concat([dataSet.subarray(0, end), dataSet.subarray(at)])
        if (check(doubled) === 'DEID_WITHHELD') return
        // Some parts make another well-formed data set; everything that the original announces is whole in it.
        const [before, after] = [dataSet, doubled].map((whole) =>
          readStrictly(whole, way.encoding.explicitVr, way.encoding.littleEndian),
        )
        for (const tag of ANNOUNCED) expect(after?.get(tag)).toEqual(before?.get(tag))
      }),
    )
  }
})

test('a copy with an element twice in an item of a sequence does not leave', () => {
  for (const way of WAYS) {
    const dataSet = imageOf(way)
    const outputCheck = new OutputCheck({ transferSyntaxUid: way.uid, rules: [], encodesFrames: () => false })
    const step = writer(way.encoding).element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1')
    const at = dataSet.indexOf(step) + step.length
    outputCheck.took(dataSet)
    outputCheck.gave([dataSet.subarray(0, at), step, dataSet.subarray(at)])
    expect(() => outputCheck.finish()).toThrow('elements twice or in the wrong order')
  }
})

test('an element that a rule of the clinic removes may be missing', () => {
  const way = { uid: TRANSFER_SYNTAX.ExplicitVRLittleEndian, encoding: EXPLICIT_LITTLE, isCompressed: false }
  const rules = [{ path: [TAG.PatientName], anywhere: false, action: 'remove' as const }]
  const deid = deidOf(way.uid, { rules })
  const change = editedDataSet(way.uid, deid, () => way.uid, deid.outputCheck())
  const out = Buffer.concat([...change.push(imageOf(way)), ...change.finish()])
  expect(out.includes(Buffer.from([0x10, 0, 0x10, 0]))).toBe(false)
})

test('the second reading holds no more than a header of a data set that has no end', () => {
  const walk = new ElementWalk({
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    begins: () => true,
    passed: () => {},
  })
  const { element } = writer(EXPLICIT_LITTLE)
  walk.push(element(TAG.PixelData, 'OW', '', 0xffff_fff0))
  const before = process.memoryUsage().arrayBuffers
  const chunk = Buffer.alloc(1024 * 1024, 1)
  for (let pushed = 0; pushed < 1000; pushed++) walk.push(chunk)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
  expect(walk.finish(true)).toMatch(/middle/)
})
