import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import { DataSetReader } from '../../../src/dicom/read/data-set-reader.ts'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { tagText } from '../../../src/dicom/vocabulary/tag.ts'
import { transferSyntax } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import {
  corpusFiles,
  corpusPath,
  describeWithCorpus,
  type SplitPart10,
  splitPart10,
} from '../../support/instances/corpus.ts'
import { failureOf } from '../read-tokens.ts'

/** Where DCMTK is not installed, the comparison with its dcmdump is shown as skipped. */
const describeIfInstalled = spawnSync('dcmdump', ['--version']).status === 0 ? describe : describe.skip

/** Values quoted, so that a line of the output is an element; no names in place of UIDs. */
function dcmdump(path: string): { lines: string[]; errors: string } {
  const run = spawnSync('dcmdump', ['-Un', '+Qn', '-M', path], {
    encoding: 'latin1',
    maxBuffer: 256 * 1024 * 1024,
  })
  return { lines: run.stdout.split('\n'), errors: run.stderr }
}

const HEAD_TAGS = {
  '(0008,0016)': 'sopClassUid',
  '(0008,0018)': 'sopInstanceUid',
  '(0008,0060)': 'modality',
  '(0020,000d)': 'studyInstanceUid',
  '(0020,000e)': 'seriesInstanceUid',
}

/** The top-level elements that route an instance. dcmdump drops spaces inside UIDs, so both sides go without. */
function headByDcmdump(lines: string[]): Record<string, string> {
  const head: Record<string, string> = {}
  for (const [tag, field] of Object.entries(HEAD_TAGS)) {
    const value = lines.find((line) => line.startsWith(tag))?.match(/^\S+ .. \[(.*?)\]/)?.[1]
    if (value !== undefined) head[field] = value.replaceAll(' ', '')
  }
  return head
}

function headByFerry(split: SplitPart10): Record<string, string | undefined> {
  const scanner = new DataSetHeadScanner(split.transferSyntaxUid)
  scanner.push(split.dataSet)
  const { problem: _, ...found } = scanner.head
  return Object.fromEntries(Object.entries(found).map(([field, value]) => [field, value.replaceAll(' ', '')]))
}

/** Depth and tag of each element outside group 0002, in the order of the file. */
function elementsByDcmdump(lines: string[]): string[] {
  const matches = lines.map((line) => /^( *)(\((?!fffe|0002)[0-9a-f]{4},[0-9a-f]{4}\)) /.exec(line))
  return matches.flatMap((match) => (match === null ? [] : [`${(match[1]?.length ?? 0) / 4} ${match[2]}`]))
}

function elementsByFerry({ transferSyntaxUid, dataSet }: SplitPart10): string[] {
  const elements: string[] = []
  const reader = new DataSetReader(transferSyntaxUid, (token) => {
    if (token.kind === 'element') elements.push(`${token.depth} ${tagText(token.tag)}`)
  })
  failureOf(() => {
    reader.push(transferSyntax(transferSyntaxUid).deflated ? inflateRawSync(dataSet) : dataSet)
    reader.finish()
  })
  return elements
}

/** dcmdump reads each eight of its zeros as an element, and warns of it, for many seconds. */
const TOO_SLOW = 'odd/trailing-2mb-of-zero-bytes.dcm'

/** Cut off: dcmdump prints nothing of them. */
const REFUSED_BY_DCMDUMP = [
  'odd/j2k-multiframe-missing-sequence-delimiter.dcm',
  'odd/truncated-pixel-data.dcm',
]

/** In addition, it leaves out the second of two equal elements, and guesses if no transfer syntax is declared. */
const READ_OTHERWISE = [
  'odd/duplicate-element-color-palette.dcm',
  'odd/xa-mangled-by-text-decoding.DCM',
  ...REFUSED_BY_DCMDUMP,
]

function dataSetLines(lines: string[]): string[] {
  const data = lines.slice(lines.indexOf('# Dicom-Data-Set'))
  expect(data.length).toBeGreaterThan(20)
  return data
}

describeIfInstalled('compared with dcmdump of DCMTK', () => {
  describeWithCorpus('a real file', () => {
    test('the head scanner and the reader find in every real file what dcmdump finds', () => {
      const otherHead: string[] = []
      const otherElements: string[] = []
      let elements = 0
      for (const { name, path } of corpusFiles()) {
        const split = splitPart10(path)
        if (split === undefined || name === TOO_SLOW) continue
        const { lines } = dcmdump(path)
        const ours = elementsByFerry(split)
        elements += ours.length
        if (JSON.stringify(headByFerry(split)) !== JSON.stringify(headByDcmdump(lines))) otherHead.push(name)
        if (ours.join('\n') !== elementsByDcmdump(lines).join('\n')) otherElements.push(name)
      }
      expect(elements).toBeGreaterThan(50_000)
      expect(otherHead).toEqual(REFUSED_BY_DCMDUMP)
      expect(otherElements.toSorted()).toEqual(READ_OTHERWISE.toSorted())
    })

    const WRITTEN_AGAIN = [
      'charset/chrX2.dcm',
      'transfer-syntax/deflated-sc.dcm',
      'transfer-syntax/mr-small-big-endian.dcm',
      'transfer-syntax/mr-small-implicit.dcm',
      'transfer-syntax/mr-small-rle.dcm',
    ]

    test('dcmdump reads a header that Ferry wrote without a warning, and behind it the same data set', () => {
      const folder = mkdtempSync(join(tmpdir(), 'ferry-part10-'))
      try {
        for (const name of WRITTEN_AGAIN) {
          const split = splitPart10(corpusPath(name))
          if (split === undefined) throw new Error(`${name} is no DICOM file`)
          const path = join(folder, 'written.dcm')
          const header = encodePart10Header({ ...split, sourceApplicationEntityTitle: 'US_ROOM_1' })
          writeFileSync(path, Buffer.concat([header, split.dataSet]))
          const [written, original] = [dcmdump(path), dcmdump(corpusPath(name))]
          expect([name, written.errors]).toEqual([name, ''])
          expect(dataSetLines(written.lines)).toEqual(dataSetLines(original.lines))
          expect(written.lines.find((line) => line.startsWith('(0002,0003)'))).toContain(
            `[${split.sopInstanceUid}]`,
          )
          expect(written.lines.find((line) => line.startsWith('(0002,0016)'))).toContain('[US_ROOM_1]')
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
})
