import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { freePort } from '../support/peers/free-port.ts'
import { RawAssociation, readAcceptance, UID, wholeStore } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { Storescp } from '../support/peers/storescp.ts'
import { hasStorescu } from '../support/peers/storescu.ts'
import { runningFerry } from '../support/programs/running-ferry.ts'

const run = promisify(execFile)

const device = (name: string, more = ''): string => `  - name: ${name}\n    aeTitle: ${name}\n${more}`

const hasDcmtk = hasStorescu()
const describeWithDcmtk = hasDcmtk ? describe : describe.skip

describeWithDcmtk('with DCMTK', () => {
  test('an unknown storescu is refused, shown as pending with what it offers, and approved without a restart', async () => {
    await using agent = await runningFerry()
    const echo = (): Promise<unknown> =>
      run('echoscu', ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(agent.port)])
    await expect(echo()).rejects.toMatchObject({
      stderr: expect.stringContaining('Calling AE Title Not Recognized'),
    })

    const { out: table } = await agent.ferry('devices')
    expect(table).toMatch(/PENDING\s+CT1\s+127\.0\.0\.1/)
    expect(table).toContain(
      '→ if it belongs here: ferry devices approve CT1 --address 127.0.0.1; if not: ferry devices ignore CT1@127.0.0.1',
    )
    expect(table).toMatch(/it calls FERRY and offers Verification in ImplicitVRLittleEndian.*OFFIS_DCMTK/)
    const finding = 'CT1 at 127.0.0.1 (1 time): not listed, and turned away'
    expect((await agent.ferry('status')).out).toContain(finding)
    const { out: status } = await agent.ferry('status', '--json')
    expect(JSON.parse(status)).toMatchObject({
      devices: [{ state: 'pending', callingAeTitle: 'CT1', proposal: { sopClasses: ['Verification'] } }],
    })

    const before = readFileSync(agent.file, 'utf8')
    const approved = await agent.ferry('devices', 'approve', 'CT1', '--kind', 'CT', '--name', 'CT room 1')
    expect(approved).toMatchObject({ exitCode: 0, out: 'CT room 1 is accepted.\n' })
    expect(approved.err).toContain('the agent now uses it')
    const lines = '  # the last one\n  - name: "CT room 1"\n    aeTitle: "CT1"\n    kind: "CT"\n'
    expect(readFileSync(agent.file, 'utf8')).toBe(before.replace('  # the last one\n', lines))
    expect(await agent.devices()).toMatchObject([{ state: 'known', name: 'CT room 1', kind: 'CT' }])
    await echo()
    expect((await agent.ferry('status')).out).not.toContain('CT1 at 127.0.0.1')

    await agent.ferry('devices', 'remove', 'CT room 1')
    expect(readFileSync(agent.file, 'utf8')).toBe(before)
    await expect(echo()).rejects.toMatchObject({ code: 1 })
  })

  test('ferry devices test calls the device where it listens, and says what it sent last', async () => {
    await using modality = await Storescp.start()
    await using agent = await runningFerry(
      device('CT1', `    dicom: {host: 127.0.0.1, port: ${modality.port}}\n`) +
        device('MR1') +
        device('US1', `    dicom: {host: 127.0.0.1, port: ${await freePort()}}\n`),
    )
    await sendInstances(agent.port, [inventedInstance(1000)], 'CT1')
    const tested = await agent.ferry('devices', 'test', 'CT1')
    expect(tested).toMatchObject({ exitCode: 0 })
    expect(tested.out).toMatch(/CT1 answers \(CT1@127\.0\.0\.1:\d+, \d+ ms\)/)
    expect(tested.out).toMatch(/last sent from 127\.0\.0\.1: CT Image Storage, ExplicitVRLittleEndian, /)
    const other = await agent.ferry('devices', 'test', 'MR1')
    expect(other.out).toContain('MR1 cannot be called: its own address is not configured. Add dicom:')
    expect(other.out).toContain('It has never called.')

    const gone = await agent.ferry('devices', 'test', 'US1')
    expect([gone.exitCode, gone.out]).toEqual([
      1,
      expect.stringContaining('US1 does not answer (US1@127.0.0.1:'),
    ])
  })
})

test('each reason for which a device is not let in has its own words', async () => {
  await using agent = await runningFerry(device('CT1', '    addresses: [192.0.2.1]\n') + device('US1'))
  const call = async (calling: string, called: string): Promise<void> => {
    const raw = await RawAssociation.connect(agent.port)
    expect(await raw.associate({ calling, called })).toMatchObject({ type: 3 })
    raw.socket.destroy()
  }
  await call('CT1', 'FERRY')
  await call('US1', 'PACS')
  const { out } = await agent.ferry('devices')
  expect(out).toMatch(/REFUSED\s+CT1 .*calls from 127\.0\.0\.1, and is listed only with 192\.0\.2\.1/)
  expect(out).toMatch(/REFUSED\s+US1 .*it called PACS, but only FERRY is answered here/)
  expect(out).toContain('→ if it has moved: ferry devices approve CT1 --address 127.0.0.1')
  expect((await agent.ferry('--lang', 'zh', 'devices')).out).toContain(
    '它呼叫的是 PACS，而此处应答的是 FERRY',
  )
  const { out: status } = await agent.ferry('status')
  expect(status).toContain(
    'US1 at 127.0.0.1 (1 time): turned away: it called PACS, but only FERRY is answered here',
  )
  expect(status).toContain('set the called AE title on the device to one that is answered')
  expect(status).toContain('if it has moved: ferry devices approve CT1 --address 127.0.0.1')

  expect(await agent.ferry('devices', 'approve', 'CT1', '--address', '127.0.0.1')).toMatchObject({
    exitCode: 0,
  })
  const raw = await RawAssociation.open(agent.port, { calling: 'CT1', called: 'FERRY' })
  raw.close()
  const states = (await agent.devices()).map(({ name, state }) => [name, state])
  expect(states).toContainEqual(['CT1 (127.0.0.1)', 'known'])
})

test('while the agent is not running only the file is changed, and that is said', async () => {
  await using agent = await runningFerry()
  await agent.stop()
  const approved = await agent.ferry('devices', 'approve', 'CT1')
  expect(approved).toMatchObject({ exitCode: 0, err: expect.stringContaining('The agent is not running') })
  expect(readFileSync(agent.file, 'utf8')).toContain('aeTitle: "CT1"')
  expect(await agent.ferry('devices')).toMatchObject({ exitCode: 10 })
})

test('a file that has a fault is not changed, the fault is shown, and no device is let in', async () => {
  await using agent = await runningFerry()
  writeFileSync(agent.file, `${readFileSync(agent.file, 'utf8')}colour: blue\n`)
  const refused = await agent.ferry('devices', 'approve', 'CT1')
  expect(refused).toMatchObject({
    exitCode: 78,
    err: expect.stringContaining('colour: there is no such setting'),
  })
  expect(readFileSync(agent.file, 'utf8')).not.toContain('CT1')
})

test('the peculiarities of a device count for it, and not for its neighbour', async () => {
  const quirks =
    '    calledAeTitles: [OLDPACS]\n    quirks:\n      pdu: 1MiB\n      instance: 1MiB\n      transferSyntaxes: [JPEGLosslessSV1]\n'
  await using agent = await runningFerry(device('CT1', quirks) + device('MR1'))
  const jpeg = '1.2.840.10008.1.2.4.70'
  const offered = [UID.explicitVrLittleEndian, jpeg]
  const contexts = [{ id: 1, abstractSyntax: UID.ctImageStorage, transferSyntaxes: offered }]
  const agreed = async (calling: string, called: string) => {
    const raw = await RawAssociation.connect(agent.port)
    const answer = readAcceptance(await raw.associate({ calling, called, contexts }))
    raw.socket.destroy()
    return answer
  }
  const [ct, mr] = [await agreed('CT1', 'OLDPACS'), await agreed('MR1', 'FERRY')]
  expect([ct.maxPduLength, mr.maxPduLength]).toEqual([1024 * 1024, 128 * 1024])
  expect(JSON.stringify(ct)).toContain(jpeg)
  expect(JSON.stringify(mr)).not.toContain(jpeg)

  const longPdu = async (calling: string): Promise<number> => {
    const raw = await RawAssociation.open(agent.port, { calling, called: 'FERRY', contexts })
    await raw.send(wholeStore(inventedInstance(200_000, { sopInstanceUid: '1.2.3.4.5' }).dataSet))
    const { type } = await raw.pdu()
    raw.close()
    return type
  }
  // A response to the one, and A-ABORT (PS3.8 §9.3.8) to the other.
  expect([await longPdu('CT1'), await longPdu('MR1')]).toEqual([4, 7])

  const large = inventedInstance(2 ** 20)
  expect(await sendInstances(agent.port, [large], 'CT1')).toMatchObject([{ status: 0xa700 }])
  expect(await sendInstances(agent.port, [large], 'MR1')).toMatchObject([{ status: 0 }])
  const seen = await agent.devices()
  expect(seen.find(({ name }) => name === 'CT1')).toMatchObject({
    instances: 1,
    problem: { kind: 'instance', detail: 'INSTANCE_TOO_LARGE' },
  })
  expect(seen.find(({ name }) => name === 'MR1')).toMatchObject({
    instances: 1,
    bytes: large.dataSet.length,
    lastInstance: { sopClass: 'CT Image Storage' },
  })
})
