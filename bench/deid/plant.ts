import { ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import type { Tag } from '../../src/dicom/vocabulary/tag.ts'
import { type Expectation, type Place, TECHNICAL } from './expectation.ts'
import { type Person, waysToWrite } from './people.ts'
import type { Writing } from './writing.ts'

/** Where a planted object belongs: one of a patient's studies. */
export interface Belonging {
  readonly person: Person
  readonly writing: Writing
  /** Of the object, over the whole set. */
  readonly number: number
  readonly studyUid: string
  readonly seriesUid: string
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
  [0x0008_1030, 'LO'],
  [0x0008_103e, 'LO'],
  [0x0008_1080, 'LO'],
  [0x0008_2111, 'ST'],
  [0x0010_21b0, 'LT'],
  [0x0010_4000, 'LT'],
  [0x0018_0010, 'LO'],
  [0x0018_1030, 'LO'],
  [0x0018_1400, 'LO'],
  [0x0018_4000, 'LT'],
  [0x0018_937b, 'UT'],
  [0x0018_937f, 'UT'],
  [0x0018_9908, 'UC'],
  [0x0020_4000, 'LT'],
  [0x0032_1060, 'LO'],
  [0x0032_4000, 'LT'],
  [0x0040_0254, 'LO'],
  [0x0040_0280, 'ST'],
  [0x0040_2400, 'LT'],
]
const DATES: readonly (readonly [Tag, string])[] = [
  [0x0008_0020, 'DA'],
  [0x0008_0021, 'DA'],
  [0x0008_0022, 'DA'],
  [0x0008_0023, 'DA'],
  [0x0008_002a, 'DT'],
  [0x0018_1200, 'DA'],
  [0x0018_9074, 'DT'],
  [0x0040_0244, 'DA'],
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
    if (declared === '') head.keep(({ tag }) => tag !== 0x0008_0005)
    else head.set(0x0008_0005, 'CS', Buffer.from(declared))
  }

  #identity(head: ElementList): void {
    const { person } = this.#to
    const values: readonly (readonly [Tag, string, string])[] = [
      [0x0008_0050, 'SH', person.accession],
      [0x0008_0090, 'PN', person.physician],
      [0x0008_1070, 'PN', person.physician],
      [0x0010_0010, 'PN', person.name],
      [0x0010_0020, 'LO', person.id],
      [0x0010_0030, 'DA', person.birthDate],
      [0x0010_1000, 'LO', person.idCard],
      [0x0010_1001, 'PN', person.name],
      [0x0010_1010, 'AS', '067Y'],
      [0x0010_1040, 'LO', person.address],
      [0x0010_2154, 'SH', person.phone],
    ]
    for (const [tag, vr, text] of values) this.#gone(head, [tag], vr, this.#to.writing.encode(text))
    for (const tag of [0x0010_0010, 0x0010_0020]) this.#expect({ kind: 'not null', at: [tag] })
    this.#expect({ kind: 'patient ID consistent', at: [0x0010_0020] })
  }

  #belonging(head: ElementList): void {
    const { studyUid, seriesUid, frameOfReferenceUid, instanceUid } = this.#to
    this.#uid(head, [0x0008_0018], instanceUid)
    this.#uid(head, [0x0020_000d], studyUid)
    this.#uid(head, [0x0020_000e], seriesUid)
    this.#uid(head, [0x0020_0052], frameOfReferenceUid)
    for (const tag of [0x0008_0016, 0x0008_0018, 0x0020_000d, 0x0020_000e, 0x0008_0020])
      this.#expect({ kind: 'not null', at: [tag] })
    head.set(0x0008_0030, 'TM', Buffer.from('235959'))
    this.#retained([0x0008_0030], [Buffer.from('235959')], true)
  }

  /** VRs that are too short for a sentence. */
  #shortText(head: ElementList): void {
    const { person } = this.#to
    // A family name of one syllable alone names nobody.
    const name = (person.isChinese ? /^[^=]+/ : /^[^^]+/).exec(person.name)?.[0] ?? ''
    const plain = name
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .replaceAll(/[^A-Za-z]/g, ' ')
    this.#gone(head, [0x0018_0015], 'CS', Buffer.from(plain.toUpperCase().slice(0, 16)))
    this.#gone(head, [0x0018_0024], 'SH', Buffer.from(person.accession))
    this.#gone(head, [0x0040_0241], 'AE', Buffer.from(person.id))
    this.#gone(head, [0x0008_1190], 'UR', Buffer.from(`http://pacs/wado?patient=${person.id}`))
    this.#gone(head, [0x0020_1209], 'IS', Buffer.from(person.phone))
    this.#gone(head, [0x0018_0072], 'DS', Buffer.from(person.phone))
  }

  /** Source images of source images: each level with a bit of everything. */
  #nested(list: ElementList, around: Place, depth: number): void {
    const sequence = 0x0008_2112
    const { person, writing, instanceUid } = this.#to
    const at = [...around, sequence, 0]
    list.setSequence(sequence, [
      (item) => {
        this.#uid(item, [...at, 0x0008_1155], `${instanceUid}.${depth}`)
        this.#date(item, [...at, 0x0008_0022], 'DA')
        this.#gone(item, [...at, 0x0008_1048], 'PN', writing.encode(person.physician))
        this.#gone(item, [...at, 0x0010_0020], 'LO', Buffer.from(person.id))
        this.#text(item, [...at, 0x0008_103e], 'LO')
        this.#text(item, [...at, 0x0020_4000], 'LT')
        item.set(0x0018_0050, 'DS', Buffer.from('1.250'))
        this.#retained([...at, 0x0018_0050], [Buffer.from('1.250')], true)
        if (depth > 1) this.#nested(item, at, depth - 1)
      },
    ])
  }

  #private(head: ElementList): void {
    const { person, writing } = this.#to
    const [unsafe, safe] = [0x0099_0000, SAFE_GROUP * 0x1_0000]
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
    const overlay = 0x601e_0000
    head.set(overlay + 0x10, 'US', sixteen(16))
    head.set(overlay + 0x11, 'US', sixteen(64))
    head.set(overlay + 0x40, 'CS', Buffer.from('G'))
    head.set(overlay + 0x50, 'SS', Buffer.concat([sixteen(1), sixteen(1)]))
    head.set(overlay + 0x100, 'US', sixteen(1))
    head.set(overlay + 0x102, 'US', sixteen(0))
    this.#gone(head, [overlay + 0x1500], 'LO', name)
    this.#gone(head, [overlay + 0x3000], 'OW', Buffer.concat([name, Buffer.alloc(128)]).subarray(0, 128))
    this.#gone(head, [0x0018_fff1], 'LO', name)
    for (const [sequence, tag, vr] of [
      [0x0400_0561, 0x0010_0010, 'PN'],
      [0x0088_0200, 0x7fe0_0010, 'OW'],
      [0x0010_1002, 0x0010_0020, 'LO'],
    ] as const) {
      head.setSequence(sequence, [(item) => this.#gone(item, [sequence, 0, tag], vr, name)])
    }
  }

  /** A sentence and a name at the end of a report that is there. */
  #report(head: ElementList): void {
    const content = head.find(0x0040_a730)
    if (content?.items === undefined || content.items.length === 0) return
    const { person, writing } = this.#to
    const made = new ElementList(content.encoding)
    const at = (i: number): Place => [0x0040_a730, (content.items?.length ?? 0) + i]
    made.setSequence(0x0040_a730, [
      (item) => {
        concept(item, 'TEXT', '121071', 'Finding')
        this.#gone(item, [...at(0), 0x0040_a160], 'UT', this.#sentence().bytes)
      },
      (item) => {
        concept(item, 'PNAME', '121008', 'Person Observer Name')
        this.#gone(item, [...at(1), 0x0040_a123], 'PN', writing.encode(person.physician))
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

/** What a content item is, and under which name of DCM (PS3.16). */
function concept(item: ElementList, type: string, code: string, meaning: string): void {
  item.set(0x0040_a010, 'CS', Buffer.from('CONTAINS'))
  item.set(0x0040_a040, 'CS', Buffer.from(type))
  item.setSequence(0x0040_a043, [
    (name) => {
      name.set(0x0008_0100, 'SH', Buffer.from(code))
      name.set(0x0008_0102, 'SH', Buffer.from('DCM'))
      name.set(0x0008_0104, 'LO', Buffer.from(meaning))
    },
  ])
}
