import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import type { Encoding } from '../../src/dicom/read/element-header.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from '../dicom/build-data-set.ts'
import { sha256 } from '../support/centers/stored-at-center.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const MR = '1.2.840.10008.5.1.4.1.1.4'
const { ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit } = TRANSFER_SYNTAX
const JPEG = Buffer.from('ffd8ffc0000b080001000101011100ffda0008010100003f0000ffd9', 'hex')

const even = (text: string): string => (text.length % 2 === 0 ? text : `${text}\0`)

function dataSet(encoding: Encoding, sopInstanceUid: string, pixelData?: Buffer): Buffer {
  const { element } = writer(encoding)
  return Buffer.concat([
    element(TAG.SOPClassUID, 'UI', even(CT)),
    element(TAG.SOPInstanceUID, 'UI', even(sopInstanceUid)),
    element(TAG.Modality, 'CS', 'CT'),
    pixelData ?? element(TAG.PixelData, 'OW', Buffer.alloc(512, 7)),
  ])
}

function compressed(...fragments: readonly Buffer[]): Buffer {
  const { element, item, sequenceEnd } = writer(EXPLICIT_LITTLE)
  const content = Buffer.concat([item(Buffer.alloc(0)), ...fragments.map((one) => item(one)), sequenceEnd])
  return element(TAG.PixelData, 'OB', content, UNDEFINED)
}

const part10 = (
  sopClassUid: string,
  sopInstanceUid: string,
  transferSyntaxUid: string,
  data: Buffer,
): Buffer => Buffer.concat([encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid }), data])

const ct = (uid: string): Buffer => part10(CT, uid, ExplicitVRLittleEndian, dataSet(EXPLICIT_LITTLE, uid))

/** Sends what is in the folder, and returns what the command said and what the peer got. */
async function sendAll(files: Readonly<Record<string, Buffer>>, ...options: readonly string[]) {
  await using peer = await startListener()
  using folder = tempFolder()
  mkdirSync(folder.join('in'))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(folder.join('in', name), bytes)
  const said = await runCommand(folder.path, ['send', `PEER@127.0.0.1:${peer.port}`, 'in', ...options])
  const { requests, sinks } = peer.handlers
  return { ...said, requests, sinks, digests: sinks.map((sink) => sink.sha256()) }
}

test('an instance is sent under what its data set says, and a header that disagrees is named with both values', async () => {
  const data = dataSet(IMPLICIT_LITTLE, '1.2.3')
  const { exitCode, err, requests, sinks, digests } = await sendAll({
    a: part10(MR, '9.9.9', ExplicitVRLittleEndian, data),
  })
  expect([exitCode, digests]).toEqual([0, [sha256(data)]])
  expect(sinks[0]?.request).toMatchObject({ sopClassUid: CT, sopInstanceUid: '1.2.3' })
  expect(requests[0]?.contexts).toMatchObject([
    { abstractSyntaxUid: CT, transferSyntaxUids: [ImplicitVRLittleEndian] },
  ])
  expect(err).toContain(
    `in/a: the file meta header says SOP Class UID ${MR}, the data set ${CT}; sent as ${CT}`,
  )
  expect(err).toContain(
    'in/a: the file meta header says SOP Instance UID 9.9.9, the data set 1.2.3; sent as 1.2.3',
  )
  expect(err).toContain(
    `says Transfer Syntax UID ${ExplicitVRLittleEndian}, the data set ${ImplicitVRLittleEndian}`,
  )
})

test('a header that agrees is not remarked on', async () => {
  const data = dataSet(EXPLICIT_LITTLE, '1.2.3')
  expect(await sendAll({ a: part10(CT, '1.2.3', ExplicitVRLittleEndian, data) })).toMatchObject({
    exitCode: 0,
    err: '',
  })
})

const deflated = Buffer.from(deflateRawSync(dataSet(EXPLICIT_LITTLE, '1.2.3')))

test.each([
  ['explicit VR', ExplicitVRLittleEndian, dataSet(EXPLICIT_LITTLE, '1.2.3')],
  ['implicit VR', ImplicitVRLittleEndian, dataSet(IMPLICIT_LITTLE, '1.2.3')],
  ['big endian', TRANSFER_SYNTAX.ExplicitVRBigEndian, dataSet(EXPLICIT_BIG, '1.2.3')],
  ['deflated', TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian, deflated],
  ['compressed', JPEGBaseline8Bit, dataSet(EXPLICIT_LITTLE, '1.2.3', compressed(JPEG))],
])('a data set without a file meta header is sent as it is written: %s', async (_, syntax, data) => {
  const bare = await sendAll({ a: data })
  expect([bare.exitCode, bare.digests]).toEqual([0, [sha256(data)]])
  expect(bare.requests[0]?.contexts).toMatchObject([{ transferSyntaxUids: [syntax] }])
  expect(bare.err).toContain('in/a: the file has no file meta header; sent as ')
  const [preamble, prefix] = [Buffer.alloc(128), Buffer.from('DICM')]
  for (const before of [prefix, Buffer.concat([preamble, prefix])]) {
    const sent = await sendAll({ a: Buffer.concat([before, data]) })
    expect([sent.exitCode, sent.digests]).toEqual([0, [sha256(data)]])
    expect(sent.err).toContain(`the file meta header has no Transfer Syntax UID; sent as ${syntax}`)
  }
})

test.each([
  ['SOP Class UID', part10('', '1.2.3', ExplicitVRLittleEndian, dataSet(EXPLICIT_LITTLE, '1.2.3'))],
  ['SOP Instance UID', part10(CT, '', ExplicitVRLittleEndian, dataSet(EXPLICIT_LITTLE, '1.2.3'))],
  ['Transfer Syntax UID', part10(CT, '1.2.3', '', dataSet(EXPLICIT_LITTLE, '1.2.3'))],
])('a header without %s is made up for by the data set', async (field, file) => {
  expect(await sendAll({ a: file })).toMatchObject({
    exitCode: 0,
    err: expect.stringContaining(`in/a: the file meta header has no ${field}`),
  })
})

test.each([
  ['native pixel data under a compressed syntax', JPEGBaseline8Bit, undefined, ExplicitVRLittleEndian],
  ['compressed pixel data under a native syntax', ExplicitVRLittleEndian, compressed(JPEG), JPEGBaseline8Bit],
  ['a private syntax, whatever the pixel data', '1.2.840.113619.5.2', undefined, '1.2.840.113619.5.2'],
])('the pixel data tells whether it is compressed: %s', async (_, declared, pixels, syntax) => {
  const file = part10(CT, '1.2.3', declared, dataSet(EXPLICIT_LITTLE, '1.2.3', pixels))
  const { exitCode, requests } = await sendAll({ a: file })
  expect(exitCode).toBe(0)
  expect(requests[0]?.contexts).toMatchObject([{ transferSyntaxUids: [syntax] }])
})

test('each file that cannot be sent is named with its reason, and the others are sent: exit code 3', async () => {
  const good = dataSet(EXPLICIT_LITTLE, '1.2.3')
  const unknown = dataSet(EXPLICIT_LITTLE, '1.2.4', compressed(Buffer.from('an unknown codec')))
  const { element } = writer(EXPLICIT_LITTLE)
  const nameless = Buffer.concat([element(TAG.Modality, 'CS', 'CT'), element(TAG.PixelData, 'OW', 'xx')])
  const { exitCode, out, err } = await sendAll({
    good: part10(CT, '1.2.3', ExplicitVRLittleEndian, good),
    unknown: part10(CT, '1.2.4', ExplicitVRLittleEndian, unknown),
    nameless: part10('', '', ExplicitVRLittleEndian, nameless),
    header: part10(CT, '1.2.5', ExplicitVRLittleEndian, Buffer.alloc(0)),
    cut: part10(CT, '1.2.6', ExplicitVRLittleEndian, good).subarray(0, 200),
  })
  expect([exitCode, out]).toEqual([3, expect.stringMatching(/^1 of 5 instances sent/)])
  expect(err.trimEnd().split('\n').toSorted()).toEqual([
    'in/cut: it ends within its file meta header',
    'in/header: no data set follows its file meta header',
    'in/nameless: neither its data set nor its header has a valid SOP Class UID',
    'in/unknown: its header has no suitable transfer syntax, and the data set does not show which one it uses',
  ])
})

test('files beside the instances are named one by one, twenty in text and all in JSON: exit code 0', async () => {
  const files: Record<string, Buffer> = {
    DICOMDIR: part10('1.2.840.10008.1.3.10', '1.2', ExplicitVRLittleEndian, Buffer.alloc(512, 1)),
    'AUTORUN.INF': Buffer.from('[autorun]\r\nopen=viewer.exe\r\n'),
    empty: Buffer.alloc(0),
    good: part10(CT, '1.2.3', ExplicitVRLittleEndian, dataSet(EXPLICIT_LITTLE, '1.2.3')),
  }
  for (let i = 10; i < 40; i++) files[`page${i}.html`] = Buffer.from('<html>'.repeat(100))
  const text = await sendAll(files)
  expect([text.exitCode, text.out]).toEqual([0, expect.stringMatching(/^1 of 1 instances sent/)])
  const lines = text.err.trimEnd().split('\n')
  expect(lines).toHaveLength(22)
  expect(lines.slice(0, 4)).toEqual([
    '33 files were left out:',
    '  in/AUTORUN.INF: it is not a DICOM file: it has no header, and does not begin like a data set',
    '  in/DICOMDIR: a DICOMDIR is the index of a medium, not an instance',
    '  in/empty: the file is empty',
  ])
  expect(lines.at(-1)).toBe('  and 13 more; --json lists all')
  const { leftOut } = JSON.parse((await sendAll(files, '--json')).out)
  expect(leftOut).toHaveLength(33)
  expect(leftOut).toContainEqual(expect.objectContaining({ reason: 'directory', words: expect.any(String) }))
})

test('links are followed and each file is sent once; a path that is not a file is never opened', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  mkdirSync(folder.join('cd'))
  mkdirSync(folder.join('elsewhere'))
  writeFileSync(folder.join('cd', 'a'), ct('1.2.1'))
  writeFileSync(folder.join('elsewhere', 'b'), ct('1.2.2'))
  symlinkSync(folder.join('elsewhere'), folder.join('cd', 'linked'))
  symlinkSync(folder.join('cd', 'a'), folder.join('cd', 'again'))
  symlinkSync(folder.join('cd'), folder.join('cd', 'round'))
  symlinkSync(folder.join('gone'), folder.join('cd', 'broken'))
  spawnSync('mkfifo', [folder.join('cd', 'pipe')])
  const { exitCode, err } = await runCommand(folder.path, ['send', `PEER@127.0.0.1:${peer.port}`, 'cd'])
  expect(peer.handlers.sinks).toHaveLength(2)
  // A broken link may have been an instance.
  expect(exitCode).toBe(3)
  expect(err).toContain('cd/broken: the target of the link does not exist')
  expect(err).toContain(`cd/again: it is the same file as ${folder.join('cd', 'a')}`)
  expect(err).toContain('cd/pipe: it is not a file, but a pipe, socket or device')
})

test.each([
  ['an empty folder', 'empty', 'no instance to send was found in empty'],
  ['a name that is not there', 'gone', 'gone: the file does not exist'],
])('%s ends with exit code 1 and says so', async (_, name, words) => {
  await using peer = await startListener()
  using folder = tempFolder()
  mkdirSync(folder.join('empty'))
  const { exitCode, err } = await runCommand(folder.path, ['send', `PEER@127.0.0.1:${peer.port}`, name])
  expect([exitCode, err]).toEqual([1, expect.stringContaining(words)])
  expect(peer.handlers.requests).toHaveLength(0)
})

test('an association that the peer ends over one instance does not stop the others', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  const uids = ['1.2.1', '1.2.2', '1.2.3']
  for (const uid of uids) writeFileSync(folder.join(uid), ct(uid))
  peer.handlers.onFinish = async ({ request }) => {
    if (request.sopInstanceUid === '1.2.2') throw new Error('the peer breaks')
    return { status: 0, errorComment: '' }
  }
  const { exitCode, out, err } = await runCommand(folder.path, [
    'send',
    `PEER@127.0.0.1:${peer.port}`,
    ...uids,
  ])
  expect([exitCode, out]).toEqual([3, expect.stringMatching(/^2 of 3/)])
  expect(err).toContain('1.2.2: ')
})
