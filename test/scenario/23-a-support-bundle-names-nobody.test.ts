import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { MonitoredAgent } from '../../src/console/monitoring/monitored-agent.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { metricsText } from '../../src/metrics/metrics-text.ts'
import { openLog } from '../../src/platform/log.ts'
import { LogFile } from '../../src/platform/log-file.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { corpusFiles } from '../support/instances/corpus.ts'
import { asSent } from '../support/instances/corpus-crossing.ts'
import { hasCorpus } from '../support/instances/corpus-files.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const { element } = writer(EXPLICIT_LITTLE)
const SENT_AT_ONCE = 8
/** Name, ID, birth date. */
const PERSON = ['INVENTED^PERSON', 'PID-73190255', '19310517']

const text = (tag: number, vr: string, value: string): Buffer =>
  element(tag, vr, Buffer.from(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`))

function instanceOfPerson(studyInstanceUid: string): RawInstance {
  const [name = '', id = '', born = ''] = PERSON
  const sopInstanceUid = newUid()
  const dataSet = Buffer.concat([
    text(TAG.SOPClassUID, 'UI', CT),
    text(TAG.SOPInstanceUID, 'UI', sopInstanceUid),
    text(TAG.PatientName, 'PN', name),
    text(TAG.PatientID, 'LO', id),
    text(TAG.PatientBirthDate, 'DA', born),
    text(TAG.StudyInstanceUID, 'UI', studyInstanceUid),
    text(TAG.SeriesInstanceUID, 'UI', newUid()),
  ])
  return {
    sopClassUid: CT,
    sopInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet,
  }
}

/** Finds elements (0010,0010), (0010,0020), (0010,0030) by their bytes, without the reader of this program. */
function identitiesIn(dataSet: Buffer): string[] {
  return [0x10, 0x20, 0x30].flatMap((number) => {
    const found: string[] = []
    const tag = Buffer.from([0x10, 0, number, 0])
    for (let at = dataSet.indexOf(tag); at >= 0; at = dataSet.indexOf(tag, at + 1)) {
      const isExplicit = /^(PN|LO|DA)$/.test(dataSet.toString('latin1', at + 4, at + 6))
      if (at + 8 > dataSet.length) break
      const length = isExplicit ? dataSet.readUInt16LE(at + 6) : dataSet.readUInt32LE(at + 4)
      if (length < 200) found.push(dataSet.toString('latin1', at + 8, at + 8 + length))
    }
    return found
      .map((value) => value.replace(/[\0 ]+$/, ''))
      .filter((value) => value.length >= 6 && /[^0]/.test(value))
  })
}

const holds = (bytes: Buffer, values: readonly string[]): string[] =>
  values.filter((value) => bytes.includes(Buffer.from(value, 'latin1')) || bytes.includes(Buffer.from(value)))

/** Sends everything that can be sent; returns the identities and UIDs of what was sent. */
async function sendAll(port: number): Promise<{ identities: string[]; uids: string[] }> {
  const study = newUid()
  await sendInstances(port, [instanceOfPerson(study)])
  const [identities, uids] = [new Set(PERSON), new Set([study])]
  const files = hasCorpus() ? corpusFiles() : []
  for (let i = 0; i < files.length; i += SENT_AT_ONCE) {
    const batch = files.slice(i, i + SENT_AT_ONCE).map(({ path }) => asSent(path).instance)
    for (const { dataSet, sopInstanceUid } of batch) {
      for (const value of identitiesIn(dataSet)) identities.add(value)
      if (sopInstanceUid.length > 12) uids.add(sopInstanceUid)
    }
    // A file that is refused is in the log all the same.
    await Promise.all(
      batch.map((instance, at) => sendInstances(port, [instance], `F${i + at}`).catch(() => {})),
    )
  }
  return { identities: [...identities], uids: [...uids] }
}

/** Makes a bundle, and returns its bytes as they are and decompressed. */
async function bundleOf(folder: string, program: 'ferry' | 'ferry-center', name: string): Promise<Buffer[]> {
  const path = join(folder, name)
  const said = await runCommand(folder, ['support-bundle', '--output', path], {
    program: program === 'ferry' ? ferryProgram : ferryCenterProgram,
  })
  expect([said.exitCode, said.err]).toEqual([0, ''])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const files = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n')
  expect(files).toEqual(expect.arrayContaining(['README.txt', 'doctor.json', 'status.json', 'log.jsonl']))
  return [readFileSync(path), gunzipSync(readFileSync(path))]
}

test('a support bundle of the agent or the center, and the metrics, have no name, ID, birth date or UID of what went through', async () => {
  using logs = tempFolder()
  const options = { folder: logs.path, maxBytes: 50e6, files: 3 }
  await using clinic = await openClinic({
    settings: { unknownDevices: 'accept' },
    log: openLog('debug', new LogFile({ ...options, name: 'ferry.log' })),
  })
  const { identities, uids } = await sendAll(clinic.agent.port)
  await allSettled(clinic, 180_000)
  expect(identities.length).toBeGreaterThan(hasCorpus() ? 50 : 2)
  using monitored = new MonitoredAgent(clinic.agent.service)
  const figures = Buffer.from(metricsText(await monitored.metrics(), 'text'))
  expect(figures.toString()).toContain('ferry_device_instances_total{')
  expect(holds(figures, [...identities, ...uids])).toEqual([])
  const log = `log: {folder: ${logs.path}}\n`
  writeFileSync(join(clinic.folder, 'ferry.yaml'), `dataFolder: agent\n${log}`)
  const center = `name: Center\npublicUrl: https://127.0.0.1:${clinic.center.port}\ndataFolder: center\n${log}`
  writeFileSync(join(clinic.folder, 'center.yaml'), center)
  writeFileSync(logs.join('ferry-center.log'), readFileSync(logs.join('ferry.log')))
  for (const program of ['ferry', 'ferry-center'] as const) {
    for (const bytes of await bundleOf(clinic.folder, program, `${program}.tar.gz`))
      expect([program, holds(bytes, [...identities, ...uids])]).toEqual([program, []])
  }

  // The controls: UIDs were there to be replaced, and a name in the log would be found.
  expect(holds(readFileSync(logs.join('ferry.log')), uids).length).toBeGreaterThan(0)
  appendFileSync(logs.join('ferry.log'), `{"level":"info","message":"x","reason":"${PERSON[0]}"}\n`)
  const [, content = Buffer.alloc(0)] = await bundleOf(clinic.folder, 'ferry', 'control.tar.gz')
  expect(content.toString()).toMatch(/uid:[0-9a-f]{10}/)
  expect(holds(content, identities)).toEqual([PERSON[0]])
}, 500_000)
