import { expect, test } from '@jest/globals'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { RunningCenter } from '../../support/centers/running-center.ts'
import { ctDataSet, newUid, packOf, sha256, spoolFile } from '../../support/instances/spool-file-fixture.ts'
import { describeWithOrthanc } from '../../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../../support/peers/orthanc.ts'
import { StowStub, stowModule } from '../../support/peers/stow-stub.ts'

describeWithOrthanc('with Orthanc as the PACS', () => {
  test('a study is handed on, and Orthanc hands out the very same bytes', async () => {
    await using orthanc = await Orthanc.start()
    await using center = await RunningCenter.start({ pacs: { url: orthanc.dicomWebUrl, timeoutMs: 20_000 } })
    const agent = await center.enrol()
    const recipients = await center.recipients(agent)
    const [studyInstanceUid, seriesInstanceUid] = [newUid(), newUid()]
    const files = Array.from({ length: 150 }, () => {
      const sopInstanceUid = newUid()
      const dataSet = ctDataSet({ sopInstanceUid, studyInstanceUid, seriesInstanceUid })
      return spoolFile({
        recipients,
        dataSet,
        envelope: { studyInstanceUid, seriesInstanceUid, sopInstanceUid },
      })
    })

    await agent.deliver(packOf(files))
    await accepted(center, files.length)

    const held = (await orthanc.files()).map(sha256).toSorted()
    expect(held).toEqual(files.map((file) => sha256(file.part10)).toSorted())
  })

  test('an instance that Orthanc cannot read is refused with its reason, and the rest of the study arrives', async () => {
    await using orthanc = await Orthanc.start()
    await using center = await RunningCenter.start({ pacs: { url: orthanc.dicomWebUrl, timeoutMs: 20_000 } })
    const agent = await center.enrol()
    const recipients = await center.recipients(agent)
    const names = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
    const good = spoolFile({ recipients, envelope: names })
    const envelope = { ...names, sopInstanceUid: newUid() }
    const bad = spoolFile({ recipients, envelope, dataSet: ctDataSet(envelope).subarray(0, -1000) })

    await agent.deliver(packOf([bad, good]))
    const study = await accepted(center, 1)

    expect(study).toMatchObject({ pacsAccepted: 1, pacsRefused: 1 })
    expect(study?.pacsReason).toBe('the PACS refused it and gave no failure reason')
    expect(await orthanc.files()).toHaveLength(1)
  })
})

describeWithOrthanc(
  'with Orthanc, which gives its copies out, behind a door that says it has everything',
  () => {
    test('a copy in Orthanc with the same bytes is accepted, and one with other bytes is refused', async () => {
      await using orthanc = await Orthanc.start()
      await using door = await StowStub.start(({ files }) => ({
        status: 409,
        body: stowModule(
          [],
          new Map(files.map((file) => [parsePart10Header(file)?.sopInstanceUid ?? '', 0x0111])),
        ),
      }))
      const pacs = { url: door.url, wadoUrl: orthanc.dicomWebUrl, timeoutMs: 20_000 }
      await using center = await RunningCenter.start({ pacs })
      const agent = await center.enrol()
      const recipients = await center.recipients(agent)
      const names = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
      const [same, other, absent] = [1, 2, 3].map(() => spoolFile({ recipients, envelope: names }))
      if (same === undefined || other === undefined || absent === undefined) throw new Error('no files')
      const { sopInstanceUid } = other.envelope
      const otherBytes = spoolFile({ recipients, envelope: { ...names, sopInstanceUid } })
      for (const { part10 } of [same, otherBytes]) await orthanc.post('/instances', part10)

      await agent.deliver(packOf([same, other, absent]))

      expect(await accepted(center, 1)).toMatchObject({ pacsAccepted: 1, pacsRefused: 1, pacsUnverified: 1 })
    })
  },
)

/** The newest study once this many of its instances are accepted and none waits. */
async function accepted(center: RunningCenter, count: number) {
  for (;;) {
    const [study] = await center.desk.studies(1, 1)
    if (study?.pacsAccepted === count && study.pacsWaiting === 0) return study
    await new Promise((resolve) => setImmediate(resolve))
  }
}
