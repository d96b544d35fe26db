import { ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import { TAG, type Tag } from '../../src/dicom/vocabulary/tag.ts'
import { tagNamed, tagOf } from '../../test/support/instances/tag-named.ts'
import { type Expectation, type Place, TECHNICAL } from './expectation.ts'
import { type Person, waysToWrite } from './people.ts'
import type { Writing } from './writing.ts'

/** Where a planted object belongs: one of a patient's studies. */
export interface Belonging {
  readonly person: Person
  readonly writing: Writing
  /** Number of the object in the whole set. */
  readonly number: number
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly frameOfReferenceUid: string
  readonly instanceUid: string
  /** DA; different in each study. */
  readonly date: string
}

export const SAFE_CREATOR = 'FERRY PLANT SAFE'
export const SAFE_GROUP = 0x0097
export const [SAFE_FIRST, SAFE_LAST] = [0x00, 0x1f]
const UNSAFE_CREATOR = 'FERRY PLANT'
const BLOCK = 0xf0
const DEPTH = 5

const FREE_TEXT: readonly (readonly [Tag, string])[] = [
  [TAG.StudyDescription, 'LO'],
  [tagNamed('SeriesDescription'), 'LO'],
  [tagNamed('AdmittingDiagnosesDescription'), 'LO'],
  [tagNamed('DerivationDescription'), 'ST'],
  [tagNamed('AdditionalPatientHistory'), 'LT'],
  [tagNamed('PatientComments'), 'LT'],
  [tagNamed('ContrastBolusAgent'), 'LO'],
  [tagNamed('ProtocolName'), 'LO'],
  [tagNamed('AcquisitionDeviceProcessingDescription'), 'LO'],
  [tagNamed('AcquisitionComments'), 'LT'],
  [tagNamed('MultienergyAcquisitionDescription'), 'UT'],
  [tagNamed('DecompositionDescription'), 'UT'],
  [tagNamed('PotentialReasonsForProcedure'), 'UC'],
  [tagNamed('ImageComments'), 'LT'],
  [tagNamed('RequestedProcedureDescription'), 'LO'],
  [tagNamed('StudyComments'), 'LT'],
  [tagNamed('PerformedProcedureStepDescription'), 'LO'],
  [tagNamed('CommentsOnThePerformedProcedureStep'), 'ST'],
  [tagNamed('ImagingServiceRequestComments'), 'LT'],
]
const DATES: readonly (readonly [Tag, string])[] = [
  [TAG.StudyDate, 'DA'],
  [tagNamed('SeriesDate'), 'DA'],
  [tagNamed('AcquisitionDate'), 'DA'],
  [tagNamed('ContentDate'), 'DA'],
  [tagNamed('AcquisitionDateTime'), 'DT'],
  [tagNamed('DateOfLastCalibration'), 'DA'],
  [tagNamed('FrameAcquisitionDateTime'), 'DT'],
  [tagNamed('PerformedProcedureStepStartDate'), 'DA'],
]
const TEXT_VRS = ['LO', 'LT', 'ST', 'UC', 'UR', 'UT', 'PN', 'UN']
const ALL_VRS =
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SS ST SV TM UC UI UL UN UR US UT UV'.split(
    ' ',
  )

/** Plants one person into a data set, and notes what has to become of each plant. */
export class Planting {
  readonly expectations: Expectation[] = []
  readonly #to: Belonging
  readonly #ways: readonly string[]
  #turn: number

  constructor(to: Belonging) {
    this.#to = to
    this.#ways = waysToWrite(to.person)
    this.#turn = to.number * 7
  }

  plant(head: ElementList): void {
    const untouched = TECHNICAL.flatMap((tag) => head.find(tag) ?? []).filter(
      ({ items }) => items === undefined,
    )
    this.#declare(head)
    this.#identity(head)
    this.#belonging(head)
    for (const [tag, vr] of FREE_TEXT) this.#text(head, [tag], vr)
    for (const [tag, vr] of DATES) this.#date(head, [tag], vr)
    this.#shortText(head)
    this.#nested(head, [], DEPTH)
    this.#private(head)
    this.#hidden(head)
    this.#report(head)
    for (const { tag, value } of untouched) this.#retained([tag], [value], true)
  }

  #declare(head: ElementList): void {
    const { declared } = this.#to.writing
    if (declared === '') head.keep(({ tag }) => tag !== TAG.SpecificCharacterSet)
    else head.set(TAG.SpecificCharacterSet, 'CS', Buffer.from(declared))
  }

  #identity(head: ElementList): void {
    const { person } = this.#to
    const values: readonly (readonly [Tag, string, string])[] = [
      [TAG.AccessionNumber, 'SH', person.accession],
      [tagNamed('ReferringPhysicianName'), 'PN', person.physician],
      [tagNamed('OperatorsName'), 'PN', person.physician],
      [TAG.PatientName, 'PN', person.name],
      [TAG.PatientID, 'LO', person.id],
      [TAG.PatientBirthDate, 'DA', person.birthDate],
      [TAG.OtherPatientIDs, 'LO', person.idCard],
      [tagNamed('OtherPatientNames'), 'PN', person.name],
      [TAG.PatientAge, 'AS', '067Y'],
      [TAG.PatientAddress, 'LO', person.address],
      [TAG.PatientTelephoneNumbers, 'SH', person.phone],
    ]
    for (const [tag, vr, text] of values) this.#gone(head, [tag], vr, this.#to.writing.encode(text))
    for (const tag of [TAG.PatientName, TAG.PatientID]) this.#expect({ kind: 'not null', at: [tag] })
    this.#expect({ kind: 'patient ID consistent', at: [TAG.PatientID] })
  }

  #belonging(head: ElementList): void {
    const { studyInstanceUid, seriesInstanceUid, frameOfReferenceUid, instanceUid } = this.#to
    this.#uid(head, [TAG.SOPInstanceUID], instanceUid)
    this.#uid(head, [TAG.StudyInstanceUID], studyInstanceUid)
    this.#uid(head, [TAG.SeriesInstanceUID], seriesInstanceUid)
    this.#uid(head, [tagNamed('FrameOfReferenceUID')], frameOfReferenceUid)
    for (const tag of [
      TAG.SOPClassUID,
      TAG.SOPInstanceUID,
      TAG.StudyInstanceUID,
      TAG.SeriesInstanceUID,
      TAG.StudyDate,
    ])
      this.#expect({ kind: 'not null', at: [tag] })
    head.set(tagNamed('StudyTime'), 'TM', Buffer.from('235959'))
    this.#retained([tagNamed('StudyTime')], [Buffer.from('235959')], true)
  }

  /** VRs that are too short for a sentence. */
  #shortText(head: ElementList): void {
    const { person } = this.#to
    // A family name of one syllable alone does not identify a person.
    const name = (person.isChinese ? /^[^=]+/ : /^[^^]+/).exec(person.name)?.[0] ?? ''
    const plain = name
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .replaceAll(/[^A-Za-z]/g, ' ')
    this.#gone(head, [tagNamed('BodyPartExamined')], 'CS', Buffer.from(plain.toUpperCase().slice(0, 16)))
    this.#gone(head, [tagNamed('SequenceName')], 'SH', Buffer.from(person.accession))
    this.#gone(head, [tagNamed('PerformedStationAETitle')], 'AE', Buffer.from(person.id))
    this.#gone(head, [tagNamed('RetrieveURL')], 'UR', Buffer.from(`http://pacs/wado?patient=${person.id}`))
    this.#gone(head, [tagNamed('NumberOfSeriesRelatedInstances')], 'IS', Buffer.from(person.phone))
    this.#gone(head, [tagNamed('EffectiveDuration')], 'DS', Buffer.from(person.phone))
  }

  /** Source images of source images: each level with a bit of everything. */
  #nested(list: ElementList, around: Place, depth: number): void {
    const sequence = tagNamed('SourceImageSequence')
    const { person, writing, instanceUid } = this.#to
    const at = [...around, sequence, 0]
    list.setSequence(sequence, [
      (item) => {
        this.#uid(item, [...at, TAG.ReferencedSOPInstanceUID], `${instanceUid}.${depth}`)
        this.#date(item, [...at, tagNamed('AcquisitionDate')], 'DA')
        this.#gone(item, [...at, tagNamed('PhysiciansOfRecord')], 'PN', writing.encode(person.physician))
        this.#gone(item, [...at, TAG.PatientID], 'LO', Buffer.from(person.id))
        this.#text(item, [...at, tagNamed('SeriesDescription')], 'LO')
        this.#text(item, [...at, tagNamed('ImageComments')], 'LT')
        item.set(tagNamed('SliceThickness'), 'DS', Buffer.from('1.250'))
        this.#retained([...at, tagNamed('SliceThickness')], [Buffer.from('1.250')], true)
        if (depth > 1) this.#nested(item, at, depth - 1)
      },
    ])
  }

  #private(head: ElementList): void {
    const { person, writing } = this.#to
    const [unsafe, safe] = [tagOf(0x0099, 0x0000), SAFE_GROUP * 0x1_0000]
    head.set(unsafe + BLOCK, 'LO', Buffer.from(UNSAFE_CREATOR))
    for (const [i, vr] of ALL_VRS.entries()) {
      const identity = writing.encode(i % 2 === 0 ? person.name : person.idCard)
      const whole = Buffer.concat([identity, Buffer.alloc((8 - (identity.length % 8)) % 8, 0x20)])
      this.#gone(head, [unsafe + BLOCK * 0x100 + i], vr, whole)
    }
    head.set(safe + BLOCK, 'LO', Buffer.from(SAFE_CREATOR))
    const place = (i: number): number => safe + BLOCK * 0x100 + i
    for (const [i, vr] of TEXT_VRS.entries()) {
      if (vr === 'PN') this.#gone(head, [place(i)], vr, writing.encode(person.name))
      else if (vr === 'UN') this.#gone(head, [place(i)], vr, writing.encode(`${person.name} ${person.id} `))
      else this.#text(head, [place(i)], vr)
    }
    for (const [i, vr] of ['FD', 'US', 'OB', 'IS', 'DS'].entries()) {
      const bytes = vr === 'IS' || vr === 'DS' ? Buffer.from('1234') : Buffer.from('0102030405060708', 'hex')
      head.set(place(0x10 + i), vr, bytes)
      this.#retained([place(0x10 + i)], [bytes], true)
    }
  }

  /** Where identity is easily overlooked. */
  #hidden(head: ElementList): void {
    const { person, writing } = this.#to
    const name = writing.encode(person.name)
    const sixteen = (value: number): Buffer => {
      const bytes = Buffer.alloc(2)
      if (head.encoding.littleEndian) bytes.writeUInt16LE(value)
      else bytes.writeUInt16BE(value)
      return bytes
    }
    const overlay = tagOf(0x601e, 0x0000)
    head.set(overlay + 0x10, 'US', sixteen(16))
    head.set(overlay + 0x11, 'US', sixteen(64))
    head.set(overlay + 0x40, 'CS', Buffer.from('G'))
    head.set(overlay + 0x50, 'SS', Buffer.concat([sixteen(1), sixteen(1)]))
    head.set(overlay + 0x100, 'US', sixteen(1))
    head.set(overlay + 0x102, 'US', sixteen(0))
    this.#gone(head, [overlay + 0x1500], 'LO', name)
    this.#gone(head, [overlay + 0x3000], 'OW', Buffer.concat([name, Buffer.alloc(128)]).subarray(0, 128))
    this.#gone(head, [tagOf(0x0018, 0xfff1)], 'LO', name)
    for (const [sequence, tag, vr] of [
      [TAG.OriginalAttributesSequence, TAG.PatientName, 'PN'],
      [TAG.IconImageSequence, TAG.PixelData, 'OW'],
      [tagNamed('OtherPatientIDsSequence'), TAG.PatientID, 'LO'],
    ] as const) {
      head.setSequence(sequence, [(item) => this.#gone(item, [sequence, 0, tag], vr, name)])
    }
  }

  /** A sentence and a name at the end of a report that is there. */
  #report(head: ElementList): void {
    const content = head.find(TAG.ContentSequence)
    if (content?.items === undefined || content.items.length === 0) return
    const { person, writing } = this.#to
    const made = new ElementList(content.encoding)
    const at = (i: number): Place => [TAG.ContentSequence, (content.items?.length ?? 0) + i]
    made.setSequence(TAG.ContentSequence, [
      (item) => {
        concept(item, 'TEXT', '121071', 'Finding')
        this.#gone(item, [...at(0), TAG.TextValue], 'UT', this.#sentence().bytes)
      },
      (item) => {
        concept(item, 'PNAME', '121008', 'Person Observer Name')
        this.#gone(item, [...at(1), TAG.PersonName], 'PN', writing.encode(person.physician))
      },
    ])
    content.items.push(...(made.elements[0]?.items ?? []))
  }

  #sentence(): { bytes: Buffer; before: Buffer; behind: Buffer } {
    const { contexts, encode } = this.#to.writing
    const turn = this.#turn++
    const [before, behind] = contexts[turn % contexts.length] ?? ['', '']
    const way = this.#ways[turn % this.#ways.length] ?? ''
    return {
      bytes: encode(before + way + behind),
      before: encode(before.trimEnd()),
      behind: encode(behind.trimEnd()),
    }
  }

  #text(list: ElementList, at: Place, vr: string): void {
    const { bytes, before, behind } = this.#sentence()
    this.#gone(list, at, vr, bytes)
    if (!this.#to.writing.isWrong) this.#retained(at, [before, behind], false)
  }

  #gone(list: ElementList, at: Place, vr: string, value: Buffer): void {
    list.set(at.at(-1) ?? 0, vr, value, vr === 'UI' || vr === 'UN' || vr === 'OB' ? 0 : 0x20)
    this.#expect({ kind: 'removed', at, was: value })
  }

  #date(list: ElementList, at: Place, vr: string): void {
    const was = this.#to.date + (vr === 'DT' ? '235959.25' : '')
    list.set(at.at(-1) ?? 0, vr, Buffer.from(was))
    this.#expect({ kind: 'date shifted', at, was })
  }

  #uid(list: ElementList, at: Place, was: string): void {
    list.set(at.at(-1) ?? 0, 'UI', Buffer.from(was), 0)
    this.#expect({ kind: 'UID changed', at, was })
  }

  #retained(at: Place, bytes: readonly Buffer[], isWhole: boolean): void {
    this.#expect({ kind: 'retained', at, bytes, isWhole })
  }

  #expect(expectation: Expectation): void {
    this.expectations.push(expectation)
  }
}

/** Sets the concept name of a content item, a code of DCM (PS3.16). */
function concept(item: ElementList, type: string, code: string, meaning: string): void {
  item.set(TAG.RelationshipType, 'CS', Buffer.from('CONTAINS'))
  item.set(TAG.ValueType, 'CS', Buffer.from(type))
  item.setSequence(TAG.ConceptNameCodeSequence, [
    (name) => {
      name.set(TAG.CodeValue, 'SH', Buffer.from(code))
      name.set(TAG.CodingSchemeDesignator, 'SH', Buffer.from('DCM'))
      name.set(TAG.CodeMeaning, 'LO', Buffer.from(meaning))
    },
  ])
}
