import { inflateRawSync } from 'node:zlib'
import { editDataSet } from '../../src/dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import type { ElementToken } from '../../src/dicom/read/data-set-token.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, hasCorpus, splitPart10 } from '../../test/support/instances/corpus-files.ts'
import type { Expectation } from './expectation.ts'
import { inventedSources } from './invented-sources.ts'
import { PEOPLE, type Person } from './people.ts'
import { type Belonging, Planting } from './plant.ts'
import { isMasked, MASKED_ROWS } from './profile.ts'
import { CHINESE_WRITINGS, LATIN_WRITINGS } from './writing.ts'

/** An object before anything is planted into it. */
export interface Source {
  readonly name: string
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
}

export interface PlantedObject {
  /** Where it comes from, for messages. */
  readonly source: string
  /** With the person's name and ID, as exports of devices have it. */
  readonly fileName: string
  readonly person: Person
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
  readonly file: Buffer
  readonly expectations: readonly Expectation[]
  /** Burned in: the first rows have to be black. */
  readonly isMasked: boolean
}

const LARGE_BYTES = 1_500_000
/** Documents and raw data, which the profile withholds: nothing of them leaves, so there is nothing to score. */
const WITHHELD = /\.(104\.\d+|66|9\.4\.[12]|201\.1)$/
const ROOT = '1.2.840.99999.7'

/** So many objects: all kinds of the corpus that can be read, and invented ones, in several variants. */
export function* plantedSet(count: number, largestBytes: number): Generator<PlantedObject> {
  const sources = [...corpusSources(largestBytes), ...inventedSources()]
  let number = 0
  for (let variant = 0; number < count && variant < 100; variant++) {
    for (const source of sources) {
      if (number >= count) return
      if (variant > 0 && source.dataSet.length > LARGE_BYTES) continue
      const planted = plantInto(source, number)
      if (planted === undefined) continue
      number++
      yield planted
    }
  }
}

function corpusSources(largestBytes: number): Source[] {
  if (!hasCorpus()) return []
  return corpusFiles()
    .filter(
      ({ expect, bytes, sopClass }) => expect !== 'reject' && sopClass !== 'none' && bytes <= largestBytes,
    )
    .flatMap(({ name, path }) => {
      const split = splitPart10(path)
      if (split === undefined || WITHHELD.test(split.sopClassUid)) return []
      return [{ ...split, name, sopClassUid: split.sopClassUid }]
    })
    .filter(({ sopClassUid }) => sopClassUid.includes('.1.4.1.1.'))
    .map(inflated)
}

/** Planting needs the plain bytes; what leaves would be inflated anyway. */
function inflated(source: Source): Source {
  if (!transferSyntax(source.transferSyntaxUid).deflated) return source
  const dataSet = inflateRawSync(source.dataSet)
  return { ...source, dataSet, transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian }
}

/** Returns undefined if an editor cannot read the data set. */
function plantInto(source: Source, number: number): PlantedObject | undefined {
  const to = belongingOf(number)
  const planting = new Planting(to)
  const { sopClassUid, transferSyntaxUid } = source
  let masked = false
  let head: ElementList | undefined
  try {
    const dataSet = editDataSet(source.dataSet, transferSyntaxUid, {
      edit: (part) => {
        if (head !== undefined) return
        head = part
        part.set(TAG.SOPClassUID, 'UI', Buffer.from(sopClassUid), 0)
        planting.plant(part)
        masked = isMasked(part, sopClassUid)
      },
      large: (element) => (masked && head !== undefined ? inked(element, head) : 'keep'),
    })
    const sopInstanceUid = to.instanceUid
    const header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
    return {
      source: source.name,
      fileName: `${to.person.name.replaceAll(/[=^]/g, '_')}_${to.person.id}_${number}.dcm`,
      person: to.person,
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      dataSet,
      file: Buffer.concat([header, dataSet]),
      expectations: planting.expectations,
      isMasked: masked,
    }
  } catch {
    return undefined
  }
}

function belongingOf(number: number): Belonging {
  const person = PEOPLE[number % PEOPLE.length]
  if (person === undefined) throw new Error('the set has no person to plant')
  const round = Math.floor(number / PEOPLE.length)
  const writings = person.isChinese ? CHINESE_WRITINGS : LATIN_WRITINGS
  const writing = writings[(round + person.number) % writings.length]
  if (writing === undefined) throw new Error('there is no way to write')
  const study = round % 3
  const base = `${ROOT}.${person.number + 1}.${study + 1}`
  return {
    person,
    writing,
    number,
    studyInstanceUid: base,
    seriesInstanceUid: `${base}.${1 + (round % 2)}`,
    frameOfReferenceUid: `${base}.9`,
    instanceUid: `${base}.${1 + (round % 2)}.${number + 1}`,
    date: ['20251231', '20260101', '20240229'][study] ?? '',
  }
}

/** Something to see in the rows that have to be black: stripes, in the first frame. Encapsulated pixels stay. */
function inked({ tag, holds }: ElementToken, head: ElementList) {
  const columns = head.find(TAG.Columns)
  if (tag !== TAG.PixelData || holds !== 'value' || columns === undefined) return 'keep' as const
  const { value, encoding } = columns
  const until = (encoding.littleEndian ? value.readUInt16LE() : value.readUInt16BE()) * MASKED_ROWS
  let at = 0
  return {
    push: (token: { kind: string; bytes: Buffer }): Buffer[] => {
      if (token.kind !== 'value') return [token.bytes]
      const start = at
      at += token.bytes.length
      return [
        Buffer.from(token.bytes.map((byte, i) => (start + i < until ? ((start + i) % 7) * 9 + 5 : byte))),
      ]
    },
  }
}
