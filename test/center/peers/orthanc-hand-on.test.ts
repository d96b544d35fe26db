import { expect, test } from '@jest/globals'
import { describeWithOrthanc, Orthanc } from '../../support/orthanc.ts'
import { RunningCenter } from '../../support/running-center.ts'
import { ctDataSet, newUid, packOf, sha256, spoolFile } from '../../support/spool-file-fixture.ts'

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

  test('what Orthanc cannot read is refused with its reason, and the rest of the study arrives', async () => {
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
    expect(study?.pacsReason).toMatch(/the PACS (refused|answered)/)
    expect(await orthanc.files()).toHaveLength(1)
  })
})

/** The newest study once so many of its instances are accepted and none waits. */
async function accepted(center: RunningCenter, count: number) {
  for (;;) {
    const [study] = await center.desk.studies(1, 1)
    if (study?.pacsAccepted === count && study.pacsWaiting === 0) return study
    await new Promise((resolve) => setImmediate(resolve))
  }
}
