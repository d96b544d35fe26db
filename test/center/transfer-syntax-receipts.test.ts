import { expect, test } from '@jest/globals'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { signManifest } from '../../src/protocol/manifest.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { listed, packOf, type SpoolFixture, spoolFile } from '../support/instances/spool-file-fixture.ts'

test('no receipt is given for bytes that the center has under another transfer syntax only', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const file = spoolFile({ recipients })
  const transferSyntaxUid = '1.2.840.10008.1.2.4.90'
  const { ulid: _, part10HeaderBytes: __, ...names } = file.envelope
  const other = spoolFile({
    recipients,
    envelope: { ...names, transferSyntaxUid },
    header: { transferSyntaxUid },
    dataSet: file.part10.subarray(file.envelope.part10HeaderBytes),
  })
  await agent.deliver(packOf([file]))

  expect(await ask(file)).toEqual({ receipt: expect.any(String) })
  expect(await ask(other)).toEqual({ missing: [other.envelope.ulid] })
  await agent.deliver(packOf([other]))
  expect(await ask(other)).toEqual({ receipt: expect.any(String) })

  async function ask(one: SpoolFixture) {
    const { jws } = signManifest(
      {
        format: 'ferry-manifest/3',
        suite: 1,
        agent: agent.key.kid,
        study: one.envelope.studyInstanceUid,
        version: 1,
        part: 1,
        parts: 1,
        previous: null,
        createdAt: '2026-01-02T03:04:05.000Z',
        heldCount: 0,
        instances: [listed(one)],
      },
      agent.key,
    )
    return (await agent.ask('POST', CENTER_PATHS.manifests, { body: jws })).json
  }
})
