import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { Normalization } from '../../../../src/agent/normalize/normalization.ts'
import type { NormalizationAudit } from '../../../../src/agent/normalize/normalization-audit.ts'
import type { NormalizationStep } from '../../../../src/agent/normalize/normalization-rule.ts'
import { type DataSetEdits, editDataSet } from '../../../../src/dicom/edit/data-set-editor.ts'
import { walk } from '../../../../src/dicom/edit/data-set-tree.ts'
import { encodePart10Header } from '../../../../src/dicom/read/part10.ts'
import { TAG, type Tag } from '../../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import {
  corpusFiles,
  describeWithCorpus,
  type SplitPart10,
  splitPart10,
} from '../../../support/instances/corpus.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const [CHARACTER_SET, ACCESSION, STATION, ISSUER, ORIGINALS] = [
  TAG.SpecificCharacterSet,
  TAG.AccessionNumber,
  TAG.StationName,
  TAG.IssuerOfPatientID,
  TAG.OriginalAttributesSequence,
]
const at = (tag: Tag): { path: Tag[]; anywhere: boolean } => ({ path: [tag], anywhere: false })
const STEPS: readonly NormalizationStep[] = [
  { kind: 'character-set', declared: 'ISO_IR 100', actual: 'GB18030' },
  { kind: 'set', pattern: at(ISSUER), value: 'NORTH-STREET' },
  { kind: 'set', pattern: at(STATION), value: '{callingAeTitle}' },
  { kind: 'prefix', pattern: at(ACCESSION), value: 'N-' },
]
/** A station name where there is no other equipment would begin a module that then lacks its manufacturer. */
const VALID_STEPS = STEPS.filter((step) => !('pattern' in step) || !step.pattern.path.includes(STATION))
const RULED: ReadonlySet<Tag> = new Set([CHARACTER_SET, ACCESSION, STATION, ISSUER, ORIGINALS])

interface Instance extends SplitPart10 {
  readonly name: string
}

/** Those that the editor reads; inflated where they are deflated. */
function* instances(): Generator<Instance> {
  for (const { name, path } of corpusFiles()) {
    const split = splitPart10(path)
    if (split === undefined) continue
    const isDeflated = transferSyntax(split.transferSyntaxUid).deflated
    const instance = isDeflated
      ? {
          ...split,
          transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
          dataSet: inflateRawSync(split.dataSet),
        }
      : split
    if (elementsOf(instance) !== undefined) yield { ...instance, name }
  }
}

/**
 * A digest of the bytes of each element of the data set itself, in their order, without group lengths, and without the
 * declarations of character sets in its items, which a rule is about. Undefined for what cannot be read.
 */
function elementsOf({
  dataSet,
  transferSyntaxUid,
}: Pick<SplitPart10, 'dataSet' | 'transferSyntaxUid'>): [Tag, string][] | undefined {
  const found: [Tag, Hash][] = []
  const begin = (tag: Tag): Hash => {
    const hash = createHash('sha256')
    found.push([tag, hash])
    return hash
  }
  const edits: DataSetEdits = {
    edit: (part) => {
      walk(part, (_, list) => void (list !== part && list.keep(({ tag }) => tag !== CHARACTER_SET)))
      for (const element of part.elements) {
        const hash = begin(element.tag)
        for (const bytes of element.write()) hash.update(bytes)
      }
    },
    large: ({ tag }) => {
      const hash = begin(tag)
      return {
        push: ({ bytes }) => {
          hash.update(bytes)
          return []
        },
      }
    },
  }
  try {
    editDataSet(dataSet, transferSyntaxUid, edits)
  } catch {
    return undefined
  }
  return found.filter(([tag]) => (tag & 0xffff) !== 0).map(([tag, hash]) => [tag, hash.digest('hex')])
}

function normalize(
  { dataSet, transferSyntaxUid }: SplitPart10,
  steps = STEPS,
): { out: Buffer; audit: NormalizationAudit } {
  const edits = new Normalization({
    rules: [{ name: 'r', steps }],
    source: { device: 'CT room 1', callingAeTitle: 'CT1' },
    system: 'FERRY',
    recordOriginals: true,
    now: 0,
  })
  return { out: editDataSet(dataSet, transferSyntaxUid, edits), audit: edits.audit() }
}

const withoutRuled = (elements: readonly [Tag, string][] | undefined): [Tag, string][] | undefined =>
  elements?.filter(([tag]) => !RULED.has(tag))

/** The errors that dciodvfy has against a file, each complaint once. */
function complaints(path: string): Set<string> {
  const { stderr } = spawnSync('dciodvfy', [path], { encoding: 'latin1' })
  return new Set(stderr.split('\n').filter((line) => line.startsWith('Error')))
}

describeWithCorpus('normalization over real data sets', () => {
  test('normalization changes the ruled elements and keeps the bytes of all others', () => {
    const differing: string[] = []
    let [count, changed] = [0, 0]
    for (const instance of instances()) {
      const { out, audit } = normalize(instance)
      const [before, after] = [instance, { ...instance, dataSet: out }].map(elementsOf)
      count++
      changed += Object.keys(audit.rules).length
      if (JSON.stringify(withoutRuled(before)) !== JSON.stringify(withoutRuled(after)))
        differing.push(instance.name)
    }
    expect(differing).toEqual([])
    expect(count).toBeGreaterThan(100)
    expect(changed).toBeGreaterThan(100)
  })

  test('the comparison notices a change of one byte elsewhere', () => {
    const [instance] = instances()
    const before = withoutRuled(instance && elementsOf(instance)) ?? []
    const dataSet = Buffer.from(instance?.dataSet ?? [])
    dataSet.writeUInt8(dataSet.readUInt8(dataSet.length - 2) ^ 1, dataSet.length - 2)
    const after = instance && withoutRuled(elementsOf({ ...instance, dataSet }))
    expect(before.length).toBeGreaterThan(10)
    expect(JSON.stringify(after)).not.toBe(JSON.stringify(before))
  })

  test('dciodvfy and dcmdump find no new error in a normalized data set', () => {
    using folder = tempFolder()
    const worse: string[] = []
    let checked = 0
    for (const instance of instances()) {
      if (checked === 20 || instance.dataSet.length > 2_000_000) continue
      checked++
      const [before, after] = [instance.dataSet, normalize(instance, VALID_STEPS).out].map((dataSet, i) => {
        const path = folder.join(`${i}.dcm`)
        writeFileSync(path, Buffer.concat([encodePart10Header(instance), dataSet]))
        return complaints(path)
      })
      execFileSync('dcmdump', ['-q', '+E', folder.join('1.dcm')], { stdio: 'ignore', maxBuffer: 1e8 })
      const added = Array.from(after ?? []).filter((line) => !before?.has(line))
      if (added.length > 0) worse.push(`${instance.name}: ${added.join('; ')}`)
    }
    expect(worse).toEqual([])
    expect(checked).toBe(20)
  })
})
