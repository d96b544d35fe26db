import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { findFiles } from '../../src/agent/arrival/import/find-files.ts'
import { type FileOutcome, sendFiles } from '../../src/console/send/send-files.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { sha256 } from '../support/centers/stored-at-center.ts'
import { corpusPath, describeWithCorpus, type SplitPart10, splitPart10 } from '../support/instances/corpus.ts'
import { describeWithOrthanc } from '../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../support/peers/orthanc.ts'
import { UID } from '../support/peers/raw-association.ts'
import { Storescp } from '../support/peers/storescp.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** CT, MR, CR, XA, US, SR and PDF; implicit and explicit, native and compressed. */
const FILES = [
  'modality/ct/ct-ge-512px.dcm',
  'modality/mr/enhanced-mr-philips-64frames.dcm',
  'modality/cr/cr-fuji-chest-implicit.dcm',
  'modality/xa/xa-philips-cath-75frames.dcm',
  'modality/us/us-multiframe-34-hp-echo.dcm',
  'modality/sr/sr-comprehensive.dcm',
  'modality/doc/encapsulated-pdf.dcm',
  'transfer-syntax/mr-small-rle.dcm',
]

const peer = (port: number, calledAeTitle: string) => ({
  host: '127.0.0.1',
  port,
  callingAeTitle: 'FERRY',
  calledAeTitle,
  clock: systemClock,
})

/** Runs `ferry echo` and `ferry send`. */
async function echoAndSend(port: number, calledAeTitle: string): Promise<[echo: number, FileOutcome[]]> {
  const contexts = [{ abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }]
  const association = await openAssociation({ ...peer(port, calledAeTitle), contexts })
  const echo = await association.echo()
  await association.release()
  return [
    echo,
    await Array.fromAsync(sendFiles(findFiles(FILES.map(corpusPath), 'follow'), peer(port, calledAeTitle))),
  ]
}

const sent = (): string[] =>
  FILES.map((name) => sha256(splitPart10(corpusPath(name))?.dataSet ?? Buffer.alloc(0))).toSorted()

/** UID and transfer syntax of the DICOM files that lie in a folder, beside whatever else. */
function storedIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  return files.flatMap(({ parentPath, name }) => named(splitPart10(join(parentPath, name)))).toSorted()
}

/** Files as they lie in folders: header and data set disagree, or there is no header, or no instance. */
const ODD = [
  'charset/chrJapMulti.dcm',
  'modality/rt/rtplan.dcm',
  'odd/bad-meta-ct.dcm',
  'odd/no-meta-explicit-le-tiny.dcm',
  'odd/no-preamble-rtstruct.dcm',
]
const NO_INSTANCES = [
  'dicomdir/DICOMDIR-nopatient',
  'odd/meta-only.dcm',
  'odd/nested-private-sequence.dcm',
  'odd/text-file-with-dicom-extension.dicom',
]

/** Sends a folder of good, odd and bad files; the outcomes by the name of the file. */
async function sendMixedFolder(port: number, calledAeTitle: string): Promise<Record<string, FileOutcome>> {
  using folder = tempFolder()
  for (const name of [...FILES, ...ODD, ...NO_INSTANCES])
    copyFileSync(corpusPath(name), folder.join(flat(name)))
  const outcomes = await Array.fromAsync(
    sendFiles(findFiles([folder.path], 'follow'), peer(port, calledAeTitle)),
  )
  return Object.fromEntries(outcomes.map((one) => [basename(one.path), one]))
}

const flat = (name: string): string => name.replaceAll('/', '-')

const notStored = (outcomes: Record<string, FileOutcome>): string[] =>
  Object.keys(outcomes)
    .filter((name) => outcomes[name]?.isStored !== true)
    .toSorted()

const named = (split: SplitPart10 | undefined): string[] =>
  split === undefined ? [] : [`${split.sopInstanceUid} ${split.transferSyntaxUid}`]

describeWithCorpus('sending to other makes', () => {
  const hasDcmtk = spawnSync('storescp', ['--version']).status === 0
  const describeWithDcmtk = hasDcmtk ? describe : describe.skip

  describeWithDcmtk('to DCMTK', () => {
    test('DCMTK answers our echo and takes instances of many kinds as they are', async () => {
      await using storescp = await Storescp.start()
      const [echo, outcomes] = await echoAndSend(storescp.port, 'STORESCP')
      expect(echo).toBe(0)
      expect(outcomes.filter(({ isStored }) => !isStored)).toEqual([])
      expect(storescp.received().toSorted()).toEqual(sent())
    })
  })

  describeWithDcmtk('a folder to DCMTK', () => {
    test('instances with a wrong header or none arrive byte for byte, and files that are not instances are left', async () => {
      await using storescp = await Storescp.start()
      const outcomes = await sendMixedFolder(storescp.port, 'STORESCP')
      expect(notStored(outcomes)).toEqual(NO_INSTANCES.map(flat).toSorted())
      const odd = ODD.map((name) => {
        const bytes = readFileSync(corpusPath(name))
        return sha256(bytes.subarray(outcomes[flat(name)]?.file?.headerBytes))
      })
      expect(storescp.received().toSorted()).toEqual([...sent(), ...odd].toSorted())
    })
  })

  describeWithOrthanc('a folder to Orthanc', () => {
    test('instances with a wrong header or none are taken under the UIDs of their data sets', async () => {
      using folder = tempFolder()
      await using orthanc = await Orthanc.start({ StorageDirectory: folder.join('stored') })
      const outcomes = await sendMixedFolder(orthanc.dicomPort, 'ORTHANC')
      expect(notStored(outcomes)).toEqual(NO_INSTANCES.map(flat).toSorted())
      const uids = [...FILES, ...ODD].map((name) => outcomes[flat(name)]?.file?.sopInstanceUid ?? '')
      const stored = storedIn(folder.join('stored')).map((one) => one.replace(/ .*/, ''))
      expect(stored.toSorted()).toEqual(uids.toSorted())
    })
  })

  describeWithOrthanc('to Orthanc', () => {
    test('Orthanc answers our echo and takes instances of many kinds in their transfer syntaxes', async () => {
      using folder = tempFolder()
      await using orthanc = await Orthanc.start({ StorageDirectory: folder.join('stored') })
      const [echo, outcomes] = await echoAndSend(orthanc.dicomPort, 'ORTHANC')
      expect(echo).toBe(0)
      expect(outcomes.filter(({ isStored }) => !isStored)).toEqual([])
      // Orthanc writes data sets again, lengths of sequences for one: DCMTK above is the witness for the bytes.
      const expected = FILES.flatMap((name) => named(splitPart10(corpusPath(name))))
      expect(storedIn(folder.join('stored'))).toEqual(expected.toSorted())
    })
  })
})
