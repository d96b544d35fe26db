import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import {
  corpusPath,
  describeWithCorpus,
  type SplitPart10,
  splitPart10,
} from '../../support/instances/corpus.ts'
import { UID } from '../../support/peers/raw-association.ts'
import { Storescp } from '../../support/peers/storescp.ts'
import { startListener } from '../../support/peers/test-listener.ts'

const run = promisify(execFile)

/** Instances of many makes and syntaxes that DCMTK 3.6.7 does not re-encode before it sends them. */
const INSTANCES = [
  'transfer-syntax/ct-family/explicit-le.dcm',
  'transfer-syntax/ct-family/jpeg-baseline.dcm',
  'transfer-syntax/ct-family/rle.dcm',
  'modality/mr/mr-siemens-mosaic-fmri.dcm',
  'modality/mr/mr-canon-private.dcm',
  'modality/doc/encapsulated-pdf.dcm',
  'modality/sc/sc-photo-jpeg.dcm',
]

const VERIFICATION = {
  abstractSyntaxUid: UID.verification,
  transferSyntaxUids: [UID.implicitVrLittleEndian],
}

/** DCMTK switches Nagle's algorithm off only where this variable is set. */
const NAGLE = [
  ['with Nagle’s algorithm', {}],
  ['without Nagle’s algorithm', { TCP_NODELAY: '1' }],
] as const

test.each(NAGLE)('echoscu %s is answered', async (_, extra) => {
  await using listener = await startListener()
  const env = { ...process.env, ...extra }
  await run('echoscu', ['--repeat', '20', '127.0.0.1', String(listener.port)], { env })
  expect(listener.handlers.ends).toEqual([{ how: 'released' }])
})

describeWithCorpus('real instances', () => {
  test.each(NAGLE)('an instance that storescu %s sends arrives byte for byte', async (_, extra) => {
    await using listener = await startListener()
    const env = { ...process.env, ...extra }
    for (const name of INSTANCES) {
      const syntax = name.includes('jpeg') ? ['-xy'] : name.includes('rle') ? ['-xr'] : []
      const args = ['-R', ...syntax, '127.0.0.1', String(listener.port), corpusPath(name)]
      await run('storescu', args, { env })
    }
    expect(listener.handlers.sinks.map((sink) => sink.sha256())).toEqual(INSTANCES.map(digestOfFile))
  })

  test.each(NAGLE)(
    'instances that dcmsend %s sends in one association arrive byte for byte',
    async (_, extra) => {
      await using listener = await startListener()
      const args = ['-dn', '127.0.0.1', String(listener.port), ...INSTANCES.map(corpusPath)]
      await run('dcmsend', args, { env: { ...process.env, ...extra } })
      const received = listener.handlers.sinks.map((sink) => sink.sha256())
      expect(received.toSorted()).toEqual(INSTANCES.map(digestOfFile).toSorted())
      expect(listener.handlers.requests).toHaveLength(1)
    },
  )

  test('storescu understands that an instance was refused', async () => {
    await using listener = await startListener()
    listener.handlers.onFinish = () => Promise.resolve({ status: 0xa700, errorComment: 'no space' })
    const path = corpusPath('transfer-syntax/ct-family/explicit-le.dcm')
    const sent = run('storescu', ['-v', '-R', '127.0.0.1', String(listener.port), path])
    await expect(sent).rejects.toMatchObject({
      stderr: expect.stringContaining('Refused: OutOfResources') as unknown,
    })
  })

  test('storescp writes exactly the bytes that we send', async () => {
    await using peer = await Storescp.start()
    const instances = INSTANCES.map((name) => readInstance(corpusPath(name)))
    const contexts = instances.map(({ sopClassUid, transferSyntaxUid }) => ({
      abstractSyntaxUid: sopClassUid,
      transferSyntaxUids: [transferSyntaxUid],
    }))
    await using association = await openAssociation({
      host: '127.0.0.1',
      port: peer.port,
      callingAeTitle: 'FERRY',
      calledAeTitle: 'STORESCP',
      contexts: [VERIFICATION, ...contexts],
      clock: systemClock,
    })
    expect(await association.echo()).toBe(0)
    for (const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet } of instances) {
      expect(peer.received()).not.toContain(digest(dataSet))
      const sending = { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet: chunksOf(dataSet) }
      expect(await association.store(sending)).toEqual({ status: 0 })
      expect(peer.received()).toContain(digest(dataSet))
    }
    await association.release()
  })
})

function readInstance(path: string): SplitPart10 {
  const instance = splitPart10(path)
  if (instance === undefined) throw new Error(`not a DICOM file: ${path}`)
  return instance
}

function digestOfFile(name: string): string {
  return digest(readInstance(corpusPath(name)).dataSet)
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_535) yield bytes.subarray(at, at + 65_535)
}
