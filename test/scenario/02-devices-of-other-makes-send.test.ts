import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { corpusPath, describeWithCorpus } from '../support/instances/corpus.ts'
import { describeWithOrthanc } from '../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../support/peers/orthanc.ts'
import { Storescp } from '../support/peers/storescp.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'

const run = promisify(execFile)

/** CT, MR, DX, US, XA, SR, PDF and multi-frame instances of several makes, native and compressed. */
const FILES = [
  'modality/ct/ct-ge-512px.dcm',
  'modality/ct/enhanced-ct-2frames-palette-lut.dcm',
  'modality/mr/mr-siemens-mosaic-fmri.dcm',
  'modality/mr/enhanced-mr-philips-64frames.dcm',
  'modality/cr/cr-fuji-chest-implicit.dcm',
  'modality/us/us-ge-rgb-planar-1.dcm',
  'modality/us/us-multiframe-34-hp-echo.dcm',
  'modality/xa/xa-philips-cath-75frames.dcm',
  'modality/sr/sr-comprehensive.dcm',
  'modality/doc/encapsulated-pdf.dcm',
]

/** Sends the same way to a witness and to the agent: what the witness received is what must lie at the center. */
async function expectEqualBytes(send: (port: number, calledAeTitle: string) => Promise<void>): Promise<void> {
  await using witness = await Storescp.start()
  await using clinic = await openClinic()
  await send(witness.port, 'STORESCP')
  await send(clinic.agent.port, 'FERRY')
  expect((await allSettled(clinic)).held).toBe(0)
  const stored = new Set(
    storedAtCenter(join(clinic.folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256),
  )
  const sent = witness.received()
  expect(sent.length).toBeGreaterThanOrEqual(FILES.length)
  expect(sent.filter((digest) => !stored.has(digest))).toEqual([])
}

describeWithCorpus('devices', () => {
  const hasDcmtk = spawnSync('dcmsend', ['--version']).status === 0
  const testWithDcmtk = hasDcmtk ? test : test.skip

  testWithDcmtk('instances from storescu are stored at the center as they were sent', async () => {
    await expectEqualBytes(async (port, calledAeTitle) => {
      for (const file of FILES) {
        const isJpeg = file.includes('us-multiframe') || file.includes('/xa/')
        const args = [
          '-R',
          ...(isJpeg ? ['-xy'] : []),
          ...(file.includes('implicit') ? ['-xi'] : []),
          '-aet',
          'CT1',
        ]
        await run('storescu', [...args, '-aec', calledAeTitle, '127.0.0.1', String(port), corpusPath(file)])
      }
    })
  })

  testWithDcmtk(
    'instances from dcmsend in one association are stored at the center as they were sent',
    async () => {
      await expectEqualBytes(async (port, calledAeTitle) => {
        const files = FILES.map(corpusPath)
        await run('dcmsend', [
          '-aet',
          'CT1',
          '-aec',
          calledAeTitle,
          '-dn',
          '127.0.0.1',
          String(port),
          ...files,
        ])
      })
    },
  )

  describeWithOrthanc('Orthanc as a device', () => {
    test('instances from Orthanc are stored at the center as they were sent', async () => {
      await using device = await Orthanc.start()
      for (const file of FILES) {
        await fetch(`${device.url}/instances`, { method: 'POST', body: readFileSync(corpusPath(file)) })
      }
      const instances = (await device.get('/instances')) as string[]
      await expectEqualBytes(async (port, calledAeTitle) => {
        const modality = { AET: calledAeTitle, Host: '127.0.0.1', Port: port }
        await fetch(`${device.url}/modalities/peer`, { method: 'PUT', body: JSON.stringify(modality) })
        const body = JSON.stringify({ Resources: instances, Synchronous: true, Timeout: 60 })
        const response = await fetch(`${device.url}/modalities/peer/store`, { method: 'POST', body })
        expect(await response.json()).toMatchObject({
          FailedInstancesCount: 0,
          InstancesCount: instances.length,
        })
      })
    })
  })
})
