import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { IMPLEMENTATION_CLASS_UID } from '../../src/dicom/read/part10.ts'
import { until } from '../support/clocks/until.ts'
import { freePort } from '../support/peers/free-port.ts'
import {
  associateRequest,
  CONTEXTS,
  item,
  pdu,
  RawAssociation,
  type RawRequest,
  UID,
} from '../support/peers/raw-association.ts'
import { joinTestCenter, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { runningFerry } from '../support/programs/running-ferry.ts'
import { tempFolder } from '../support/temp-folder.ts'

const device = (name: string, more = ''): string => `  - name: ${name}\n    aeTitle: ${name}\n${more}`

const VERIFICATION = [
  { id: 1, abstractSyntax: UID.verification, transferSyntaxes: [UID.implicitVrLittleEndian] },
]

/** The type of the PDU that answers. */
async function call(port: number, request: RawRequest): Promise<number> {
  const raw = await RawAssociation.connect(port)
  const { type } = await raw.associate({ called: 'FERRY', ...request })
  raw.close()
  return type
}

async function sendAndClose(port: number, bytes: Buffer): Promise<void> {
  const raw = await RawAssociation.connect(port)
  await raw.send(bytes)
  raw.socket.end()
  while ((await raw.next()) !== 'closed');
}

test.each<[string, string, RawRequest, RegExp]>([
  [
    'a wrong called AE title',
    device('CT1'),
    { called: 'PACS' },
    /it called PACS, but only FERRY is answered here/,
  ],
  ['a wrong address', device('CT1', '    addresses: [192.0.2.1]\n'), {}, /is listed only with 192\.0\.2\.1/],
  [
    'nothing that is taken',
    device('CT1'),
    { contexts: [{ id: 1, abstractSyntax: UID.worklist, transferSyntaxes: [UID.implicitVrLittleEndian] }] },
    /Ferry supports nothing that it proposes/,
  ],
  [
    'an even context ID',
    device('CT1'),
    { contexts: CONTEXTS.map((one) => ({ ...one, id: one.id + 1 })) },
    /is even/,
  ],
])(
  'a listed device that calls with %s needs a person until it is let in',
  async (_, listed, request, words) => {
    await using agent = await runningFerry(listed)
    await call(agent.port, { calling: 'CT1', ...request })
    const status = await agent.ferry('status')
    expect([status.exitCode, status.out]).toEqual([13, expect.stringMatching(words)])
    const { out } = await agent.ferry('status', '--json')
    expect(JSON.parse(out)).toMatchObject({
      findings: [{ severity: 'act', code: 'DEVICE_REJECTED' }],
      devices: [{ name: 'CT1', problem: { detail: expect.anything() as unknown } }],
    })
    expect((await agent.ferry('devices')).out).toMatch(words)
    await agent.ferry('devices', 'approve', 'CT1', '--address', '127.0.0.1')
    await call(agent.port, { calling: 'CT1' })
    expect((await agent.ferry('status')).exitCode).toBe(0)
  },
)

test('an unknown caller asks for a decision; ignored, it is quiet, over a restart too, until that is taken back', async () => {
  await using agent = await runningFerry(device('CT1', '    addresses: [192.0.2.1]\n'))
  const states = async () =>
    (await agent.devices()).map(({ callingAeTitle, state }) => [callingAeTitle, state])
  await call(agent.port, { calling: 'US $1' })
  const asked = await agent.ferry('status')
  expect(asked.exitCode).toBe(0)
  expect(asked.out).toContain('Please decide')
  expect(asked.out).toContain(`if not: ferry devices ignore 'US $1@127.0.0.1'`)

  const ignored = await agent.ferry('devices', 'ignore', 'US $1@127.0.0.1')
  expect(ignored).toMatchObject({ exitCode: 0, out: expect.stringContaining('US $1@127.0.0.1 is ignored') })
  await agent.stop()
  await agent.start()
  await call(agent.port, { calling: 'US $1' })
  expect(await states()).toContainEqual(['US $1', 'ignored'])
  expect((await agent.ferry('status')).out).not.toContain('Please decide')

  const listed = await agent.ferry('devices', 'ignore', 'CT1@127.0.0.1')
  expect(listed).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/\(DEVICE_LISTED\)[^]*a listed device cannot be ignored/),
  })
  expect((await agent.ferry('devices', 'ignore', '')).exitCode).toBe(2)

  expect(await agent.ferry('devices', 'unignore', 'US $1@127.0.0.1')).toMatchObject({ exitCode: 0 })
  expect((await agent.ferry('devices', 'unignore', 'US $1@127.0.0.1')).err).toContain('(NOT_IGNORED)')
  expect(await states()).toContainEqual(['US $1', 'pending'])

  const removed = await agent.ferry('devices', 'remove', 'US $1')
  expect(removed.out).toContain('US $1 was not on the list. It is no longer shown, and is still turned away')
  expect(await states()).not.toContainEqual(['US $1', 'pending'])
  expect(await agent.ferry('devices', 'remove', 'US $1')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('(DEVICE_UNKNOWN)'),
  })
  expect((await agent.ferry('status')).out).toContain('All is well')
})

test('a device that is ignored and then listed is not ignored any more', async () => {
  await using agent = await runningFerry()
  await call(agent.port, { calling: 'US1', called: 'PACS' })
  await agent.ferry('devices', 'ignore', 'US1')
  const approved = await agent.ferry('devices', 'approve', 'US1')
  expect(approved.out).toBe('US1 is accepted.\n')
  expect(approved.err).toContain(
    'With its settings of the last call, US1 is still turned away: turned away: it called PACS',
  )
  expect((await agent.ferry('status')).exitCode).toBe(13)
})

test('a scan of ports is listed and needs no person, and a broken request of a stranger needs one', async () => {
  await using agent = await runningFerry(device('CT1', '    addresses: [127.0.0.1]\n'))
  await sendAndClose(agent.port, Buffer.alloc(0))
  await sendAndClose(agent.port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  const [caller] = (await agent.devices()).filter(({ callingAeTitle }) => callingAeTitle === '')
  expect(caller).toMatchObject({ state: 'unnamed', rejections: 2, problem: { kind: 'foreign' } })
  expect((await agent.ferry('status')).out).toContain('All is well')
  expect(await agent.ferry('devices', 'ignore', '@127.0.0.1')).toMatchObject({ exitCode: 1 })

  const bad = associateRequest({ calling: 'US1', called: 'FERRY', contexts: CONTEXTS.slice(0, 1) })
  await sendAndClose(agent.port, pdu(1, Buffer.concat([bad.subarray(6), item(0x20, Buffer.alloc(0))])))
  const { out } = await agent.ferry('devices')
  expect(out).toMatch(/PENDING\s+US1 .*turned away: .*PS3\.8 §9\.3\.2.*has no ID/)
  expect((await agent.ferry('status')).out).toContain('Please decide')
})

test("README's self-test works as it is written, and opens the door for no other device", async () => {
  const readme = readFileSync('README.md', 'utf8')
  const init = /^ferry (init --device "[^"]+")/m.exec(readme)?.[1] ?? ''
  const echo = /`ferry (echo FERRY@127\.0\.0\.1:11112[^`]*)`/.exec(readme)?.[1] ?? ''
  await using clinic = await openClinic()
  await clinic.stopAgent()
  using site = tempFolder()
  expect(await runCommand(site.path, wordsOf(init))).toMatchObject({ exitCode: 0 })
  const [port, file] = [await freePort(), site.join('ferry.yaml')]
  const written = readFileSync(file, 'utf8')
  const own = written
    .replace('port: 11112', `port: ${port}`)
    .replace(/(^statusPage:\n.*\n {2}enabled: )on/m, '$1off')
  writeFileSync(file, own)
  await joinTestCenter(join(clinic.folder, 'center'), clinic.center.port, site.join('data'))
  const quit = new AbortController()
  const running = runCommand(site.path, ['run'], { signal: quit.signal })
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    quit.abort()
    await running
  })
  const status = await until(
    () => runCommand(site.path, ['status', '--json']),
    ({ exitCode }) => exitCode === 0,
  )
  expect(JSON.parse(status.out)).toMatchObject({ listener: { port } })
  const tested = await runCommand(
    site.path,
    wordsOf(echo).map((word) => word.replace('11112', String(port))),
  )
  expect(tested).toMatchObject({ exitCode: 0, err: '' })

  const after = await runCommand(site.path, ['status', '--json'])
  expect([after.exitCode, JSON.parse(after.out)]).toEqual([
    0,
    expect.objectContaining({ findings: [], devices: [] }),
  ])

  // A peer that wants to store, or that is not `ferry echo`, gets the same words.
  const ours = { calling: 'CT1', userItems: [] }
  expect(await call(port, { ...ours, contexts: VERIFICATION })).toBe(3)
  const answerTo = async (bytes: Buffer): Promise<number> => {
    const raw = await RawAssociation.connect(port)
    await raw.send(bytes)
    const { type } = await raw.pdu()
    raw.close()
    return type
  }
  expect(await answerTo(asEcho(VERIFICATION))).toBe(2)
  expect(await answerTo(asEcho(CONTEXTS))).toBe(3)
})

/** The words of a command line without other quotes than double ones. */
function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '')
}

/** A request that says it is `ferry echo`. */
function asEcho(contexts: RawRequest['contexts']): Buffer {
  const request = associateRequest({ calling: 'CT1', called: 'FERRY', contexts: contexts ?? [] })
  const user = request.lastIndexOf(Buffer.of(0x50, 0))
  const items = [item(0x51, Buffer.alloc(4)), item(0x52, IMPLEMENTATION_CLASS_UID), item(0x55, 'FERRY ECHO')]
  return pdu(1, Buffer.concat([request.subarray(6, user), item(0x50, Buffer.concat(items))]))
}
