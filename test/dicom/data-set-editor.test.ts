import { inflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { DataSetEditor, type DataSetEdits, editDataSet } from '../../src/dicom/edit/data-set-editor.ts'
import { type ElementList, walk } from '../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'

const PATIENT_NAME = TAG.PatientName
const PATIENT_ID = TAG.PatientID
const REFERENCED_STUDY = TAG.ReferencedStudySequence

const keepAll: DataSetEdits = { edit: () => {}, large: () => 'keep' }

function editing(edit: (part: ElementList) => void): DataSetEdits {
  return { edit, large: () => 'keep' }
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Tag (in hex, as it is written) and length, in implicit little endian. */
function header(tag: string, length: number): Buffer {
  return Buffer.concat([Buffer.from(tag, 'hex'), long(length)])
}

const removeNames = editing((part) =>
  walk(part, (element, list) => {
    if (element.tag === PATIENT_NAME) list.remove(element)
  }),
)

const SYNTAXES = [
  ['explicit little endian', TRANSFER_SYNTAX.ExplicitVRLittleEndian, EXPLICIT_LITTLE],
  ['implicit little endian', TRANSFER_SYNTAX.ImplicitVRLittleEndian, IMPLICIT_LITTLE],
  ['explicit big endian', TRANSFER_SYNTAX.ExplicitVRBigEndian, EXPLICIT_BIG],
] as const

test.each(SYNTAXES)(
  'a removed element inside items of known length shortens them, in %s',
  (_, uid, encoding) => {
    const { element, item } = writer(encoding)
    const name = element(PATIENT_NAME, 'PN', 'Wang^Wu ')
    const id = element(PATIENT_ID, 'LO', '17')
    const whole = Buffer.concat([element(REFERENCED_STUDY, 'SQ', item(Buffer.concat([name, id]))), name, id])
    const expected = Buffer.concat([element(REFERENCED_STUDY, 'SQ', item(id)), id])
    expect(editDataSet(whole, uid, removeNames).toString('hex')).toBe(expected.toString('hex'))
  },
)

test.each(SYNTAXES)(
  'items of undefined length stay so when something is removed, in %s',
  (_, uid, encoding) => {
    const { element, item, itemEnd, sequenceEnd } = writer(encoding)
    const name = element(PATIENT_NAME, 'PN', 'Wang^Wu ')
    const id = element(PATIENT_ID, 'LO', '17')
    const sequence = (content: Buffer): Buffer =>
      element(
        REFERENCED_STUDY,
        'SQ',
        Buffer.concat([item(content, UNDEFINED), content.subarray(content.length), itemEnd, sequenceEnd]),
        UNDEFINED,
      )
    const whole = Buffer.concat([sequence(Buffer.concat([name, id])), name, id])
    expect(editDataSet(whole, uid, removeNames).equals(Buffer.concat([sequence(id), id]))).toBe(true)
  },
)

test('a delimiter that a device wrote although the length was stated is written back, or nothing is', () => {
  const { element, item, itemEnd, sequenceEnd } = writer(EXPLICIT_LITTLE)
  const id = element(PATIENT_ID, 'LO', '17')
  const odd = [
    [item(id), sequenceEnd],
    [item(Buffer.concat([id, itemEnd])), sequenceEnd],
    [item(Buffer.concat([id, itemEnd])), item(id)],
    [sequenceEnd],
    [item(Buffer.concat([itemEnd, id]))],
    [sequenceEnd, item(id)],
    [item(id), sequenceEnd, sequenceEnd],
  ]
  const written = odd.map((parts) => {
    const whole = Buffer.concat([element(REFERENCED_STUDY, 'SQ', Buffer.concat(parts)), id])
    try {
      return editDataSet(whole, TRANSFER_SYNTAX.ExplicitVRLittleEndian, keepAll).equals(whole)
    } catch (error) {
      return String(error).includes('data set') ? 'refused' : error
    }
  })
  expect(written.slice(0, 3)).toEqual([true, true, true])
  expect(written).not.toContain(false)
})

test('a value that is set replaces the one that is there, or comes at its place among the tags', () => {
  const { element } = writer(EXPLICIT_LITTLE)
  const [name, after] = [element(PATIENT_NAME, 'PN', 'Wang^Wu '), element(tagNamed('PatientSex'), 'CS', 'M ')]
  const edits = editing((part) => {
    part.set(PATIENT_NAME, 'PN', Buffer.from('A'))
    part.set(PATIENT_ID, 'LO', Buffer.from('17'))
    part.setSequence(TAG.DeidentificationMethodCodeSequence, [
      (list) => list.set(TAG.CodeValue, 'SH', Buffer.from('113100')),
    ])
  })
  const { item } = writer(EXPLICIT_LITTLE)
  const expected = [
    element(PATIENT_NAME, 'PN', 'A '),
    element(PATIENT_ID, 'LO', '17'),
    after,
    element(TAG.DeidentificationMethodCodeSequence, 'SQ', item(element(TAG.CodeValue, 'SH', '113100'))),
  ]
  const edited = editDataSet(Buffer.concat([name, after]), TRANSFER_SYNTAX.ExplicitVRLittleEndian, edits)
  expect(edited.toString('hex')).toBe(Buffer.concat(expected).toString('hex'))
})

test('a group length is set right where its group changed, and left alone, right or wrong, where not', () => {
  const { element } = writer(EXPLICIT_LITTLE)
  const [name, id] = [element(PATIENT_NAME, 'PN', 'Wang^Wu '), element(PATIENT_ID, 'LO', '17')]
  const wrong = Buffer.concat([
    element(tagOf(0x0008, 0x0000), 'UL', long(999)),
    element(TAG.Modality, 'CS', 'CT'),
  ])
  const whole = Buffer.concat([
    wrong,
    element(tagOf(0x0010, 0x0000), 'UL', long(name.length + id.length)),
    name,
    id,
  ])
  const expected = Buffer.concat([wrong, element(tagOf(0x0010, 0x0000), 'UL', long(id.length)), id])
  expect(editDataSet(whole, TRANSFER_SYNTAX.ExplicitVRLittleEndian, removeNames).equals(expected)).toBe(true)
})

test('items within items that all state their group length are written once each, not once more for each around them', () => {
  let nested = Buffer.alloc(0)
  for (let depth = 0; depth < 30; depth++) {
    const item = header('feff00e0', nested.length)
    const sequence = header('08001011', item.length + nested.length)
    const group = Buffer.concat([header('08000000', 4), long(0)])
    nested = Buffer.concat([group, sequence, item, nested])
  }
  expect(editDataSet(nested, TRANSFER_SYNTAX.ImplicitVRLittleEndian, keepAll).equals(nested)).toBe(true)
})

test.each([40, 4096, 40_000])(
  'the memory of a chunk of %i bytes may be used again at once, and what was held of it stays',
  (chunkBytes) => {
    const { element } = writer(EXPLICIT_LITTLE)
    const comments = Array.from({ length: 60 }, (_, i) =>
      element(tagNamed('PatientComments') + i, 'UT', `${i} `.repeat(300)),
    )
    const whole = Buffer.concat([...comments, element(TAG.PixelData, 'OW', Buffer.alloc(1000, 7))])
    const editor = new DataSetEditor(TRANSFER_SYNTAX.ExplicitVRLittleEndian, keepAll)
    const memory = Buffer.alloc(chunkBytes)
    const out: Buffer[] = []
    for (let at = 0; at < whole.length; at += chunkBytes) {
      const chunk = memory.subarray(0, whole.copy(memory, 0, at))
      out.push(...editor.push(chunk).map((bytes) => Buffer.from(bytes)))
      memory.fill(0xee)
    }
    out.push(...editor.finish())
    expect(Buffer.concat(out).equals(whole)).toBe(true)
  },
)

test('pixel data is never held, and a transform sees it piece by piece', () => {
  const { element } = writer(EXPLICIT_LITTLE)
  const pixels = Buffer.alloc(8 * 1024 * 1024, 7)
  const whole = Buffer.concat([element(PATIENT_ID, 'LO', '17'), element(TAG.PixelData, 'OW', pixels)])
  let largest = 0
  const editor = new DataSetEditor(TRANSFER_SYNTAX.ExplicitVRLittleEndian, {
    edit: () => {},
    large: () => ({
      push: ({ bytes }) => {
        largest = Math.max(largest, bytes.length)
        return [bytes]
      },
    }),
  })
  const out: Buffer[] = []
  for (let at = 0; at < whole.length; at += 65_536) out.push(...editor.push(whole.subarray(at, at + 65_536)))
  out.push(...editor.finish())
  expect(Buffer.concat(out).equals(whole)).toBe(true)
  expect(largest).toBeLessThanOrEqual(65_536)
})

test('a header of more than 64 MiB is refused rather than held', () => {
  const { element } = writer(EXPLICIT_LITTLE)
  const editor = new DataSetEditor(TRANSFER_SYNTAX.ExplicitVRLittleEndian, keepAll)
  const value = element(tagOf(0x0009, 0x1001), 'UN', Buffer.alloc(1024 * 1024))
  expect(() => {
    for (let i = 0; i < 70; i++) editor.push(value)
  }).toThrow('bytes before the pixel data')
})

describeWithCorpus('the editor over real data sets', () => {
  test('an edit that changes nothing gives every readable data set back byte for byte', () => {
    let same = 0
    const differing: string[] = []
    for (const { name, path } of corpusFiles()) {
      const split = splitPart10(path)
      if (split === undefined) continue
      const { transferSyntaxUid } = split
      const deflated = transferSyntax(transferSyntaxUid).deflated
      const dataSet = deflated ? inflateRawSync(split.dataSet) : split.dataSet
      try {
        if (editDataSet(dataSet, transferSyntaxUid, keepAll).equals(dataSet)) same++
        else differing.push(name)
      } catch (error) {
        if (!String(error).includes('data set')) throw error
      }
    }
    expect(differing).toEqual([])
    expect(same).toBeGreaterThanOrEqual(186)
  })
})

/** An icon of one fragment in Icon Image Sequence, and an element after it in the item (PS3.5 §A.4). */
function compressedIcon(): Buffer {
  const { element, item, sequenceEnd } = writer(EXPLICIT_LITTLE)
  const fragments = Buffer.concat([item(Buffer.alloc(0)), item(Buffer.from('fragment')), sequenceEnd])
  const inside = Buffer.concat([
    element(TAG.PixelData, 'OB', fragments, UNDEFINED),
    element(tagOf(0x7ff0, 0x0010), 'LO', 'after it'),
  ])
  return element(TAG.IconImageSequence, 'SQ', item(inside))
}

test('a compressed icon passes byte for byte beside what is edited, in whatever pieces it comes', () => {
  const { element, item, sequenceEnd } = writer(EXPLICIT_LITTLE)
  const sequence = compressedIcon()
  const pixels = element(
    TAG.PixelData,
    'OB',
    Buffer.concat([item(Buffer.alloc(0)), item(Buffer.alloc(64, 7)), sequenceEnd]),
    UNDEFINED,
  )
  const name = element(PATIENT_NAME, 'PN', 'Wang^Wu ')
  const whole = Buffer.concat([name, sequence, pixels])
  for (const size of [1, 5, 1000]) {
    const editor = new DataSetEditor(TRANSFER_SYNTAX.JPEGBaseline8Bit, removeNames)
    const out: Buffer[] = []
    for (let at = 0; at < whole.length; at += size) out.push(...editor.push(whole.subarray(at, at + size)))
    out.push(...editor.finish())
    expect(Buffer.concat(out).toString('hex')).toBe(Buffer.concat([sequence, pixels]).toString('hex'))
  }
})

test('encapsulated data that gets another value is written with its length', () => {
  const { element, item } = writer(EXPLICIT_LITTLE)
  const emptied = editing((part) =>
    walk(part, (found) => {
      if (found.tag === TAG.PixelData) found.replace(Buffer.alloc(0))
    }),
  )
  const inside = [element(TAG.PixelData, 'OB', ''), element(tagOf(0x7ff0, 0x0010), 'LO', 'after it')]
  const expected = element(TAG.IconImageSequence, 'SQ', item(Buffer.concat(inside)))
  const out = editDataSet(compressedIcon(), TRANSFER_SYNTAX.JPEGBaseline8Bit, emptied)
  expect(out.toString('hex')).toBe(expected.toString('hex'))
})

test('encapsulated data in an item that never ends makes the data set unreadable', () => {
  const { element, item } = writer(EXPLICIT_LITTLE)
  const open = element(TAG.PixelData, 'OB', item(Buffer.from('fragment')), UNDEFINED)
  const whole = element(TAG.IconImageSequence, 'SQ', item(open))
  expect(() => editDataSet(whole, TRANSFER_SYNTAX.JPEGBaseline8Bit, keepAll)).toThrow('reading a data set')
})
