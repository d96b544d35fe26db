import { expect, test } from '@jest/globals'
import { DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { sha256 } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import {
  corpusFiles,
  describeWithCorpus,
  type SplitPart10,
  splitPart10,
} from '../support/instances/corpus.ts'
import { describeWithOrthanc } from '../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../support/peers/orthanc.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'

const pixelDigests = (dataSets: Buffer[]): string[] => dataSets.map(pixelData).map(sha256).toSorted()

function seriesOf({ transferSyntaxUid, dataSet }: SplitPart10): string | undefined {
  const scanner = new DataSetHeadScanner(transferSyntaxUid)
  scanner.push(dataSet)
  return scanner.head.seriesInstanceUid
}

/** From the tag of Pixel Data, little endian, to the end. */
function pixelData(dataSet: Buffer): Buffer {
  return dataSet.subarray(dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])))
}

describeWithCorpus('the PACS', () => {
  describeWithOrthanc('Orthanc', () => {
    test('Orthanc shows the same studies, series, instances and pixels, and the receipt says that it has them', async () => {
      await using pacs = await Orthanc.start()
      await using clinic = await openClinic({ pacs: { url: pacs.dicomWebUrl, timeoutMs: 30_000 } })
      const sent = corpusFiles()
        .filter(({ name }) => name.startsWith('series/'))
        .flatMap(({ path }) => splitPart10(path) ?? [])
      expect(sent.length).toBeGreaterThan(20)
      await sendInstances(clinic.agent.port, sent)
      await allSettled(clinic)
      const { service } = clinic.agent
      const { studies } = await until(
        () => service.studies(100),
        ({ studies: all }) => all.every(({ pacs: state }) => state === 'accepted'),
      )
      const series = new Set(sent.map(seriesOf))
      expect(await pacs.get('/statistics')).toMatchObject({
        CountStudies: studies.length,
        CountSeries: series.size,
        CountInstances: sent.length,
      })
      const shown = (await pacs.files()).map((file) =>
        file.subarray(parsePart10Header(file)?.headerBytes ?? 0),
      )
      expect(pixelDigests(shown)).toEqual(pixelDigests(sent.map(({ dataSet }) => dataSet)))
    })

    test('a PACS that is down delays no receipt, and the receipt says that it waits', async () => {
      await using pacs = await Orthanc.start()
      const url = pacs.dicomWebUrl
      await pacs[Symbol.asyncDispose]()
      await using clinic = await openClinic({ pacs: { url, timeoutMs: 2000 } })
      const [first] = corpusFiles().filter(({ name }) => name.startsWith('series/'))
      const instance = splitPart10(first?.path ?? '')
      await sendInstances(clinic.agent.port, instance === undefined ? [] : [instance])
      expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
      expect(clinic.agent.service.studies(10).studies).toMatchObject([
        { state: 'confirmed', pacs: 'waiting' },
      ])
    })
  })
})
