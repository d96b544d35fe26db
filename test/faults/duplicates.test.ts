import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openQueue } from '../../src/agent/queue/open-queue.ts'
import { CENTER } from '../../src/agent/send/destination.ts'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { dataPdu, pdv, RawAssociation, storeCommand, UID } from '../support/peers/raw-association.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { SCHEMA_FOLDERS } from './support/upgrade-fixture.ts'

const SENDERS = 8
const zeros = (count: number): number[] => Array(count).fill(0)

/** Counts duplicates in the two registers and on the disk, once everything has come to its end. */
async function account(clinic: Clinic) {
  const deliveries = await allSettled(clinic)
  const centerFolder = join(clinic.folder, 'center')
  using desk = await OperatorDesk.open({
    folder: centerFolder,
    publicUrl: 'https://127.0.0.1',
    clock: systemClock,
  })
  const { instances, held: conflicts } = await desk.status()
  const agent = Database.open(join(clinic.settings.dataFolder, 'queue.sqlite'), SCHEMA_FOLDERS.agent)
  const [row] = agent.all<{ n: number; repeats: number }>(
    'SELECT count(*) AS n, sum(repeats) AS repeats FROM instance',
  )
  agent.close()
  const center = Database.open(join(centerFolder, 'register.sqlite'), SCHEMA_FOLDERS.center)
  const [delivered] = center.all<{ n: number }>('SELECT count(*) AS n FROM deliveries')
  center.close()
  return {
    /** At the agent. */
    held: deliveries.held,
    confirmed: deliveries.confirmed,
    taken: row?.n,
    repeats: row?.repeats,
    /** At the center: versions, how many of them are conflicts, and how often one was brought. */
    instances,
    conflicts,
    delivered: delivered?.n,
    files: storedAtCenter(centerFolder)
      .map(({ dataSetSha256 }) => dataSetSha256)
      .toSorted(),
  }
}

const digests = (...instances: readonly RawInstance[]): string[] =>
  instances.map(({ dataSet }) => sha256(dataSet)).toSorted()

const once = (repeats: number, ...instances: readonly RawInstance[]) => ({
  held: 0,
  confirmed: instances.length,
  taken: instances.length,
  repeats,
  instances: instances.length,
  conflicts: 0,
  delivered: instances.length,
  files: digests(...instances),
})

async function statusesOf(clinic: Clinic, ...instances: RawInstance[]): Promise<number[]> {
  return (await sendInstances(clinic.agent.port, instances)).map(({ status }) => status)
}

/** The PDUs of one C-STORE: the command, and the data set in ten pieces, the last of them marked so. */
function storePdus({ sopInstanceUid, dataSet }: RawInstance): Buffer[] {
  const step = Math.ceil(dataSet.length / 10)
  const pieces = Array.from({ length: 10 }, (_, i) => dataSet.subarray(i * step, (i + 1) * step))
  const data = pieces.map((piece, i) => dataPdu(pdv(1, i === pieces.length - 1 ? 2 : 0, piece)))
  return [dataPdu(pdv(1, 3, storeCommand({ sopInstance: sopInstanceUid }))), ...data]
}

/** Stores over as many associations, a PDU of each in turn, so that all end at the same moment. */
async function storeInterleaved(port: number, instances: readonly RawInstance[]): Promise<unknown[]> {
  const associations = await Promise.all(instances.map(() => RawAssociation.open(port)))
  const pdus = instances.map(storePdus)
  for (const turn of (pdus[0] ?? []).keys()) {
    await Promise.all(
      associations.map((association, i) => association.send(pdus[i]?.[turn] ?? Buffer.alloc(0))),
    )
  }
  const answers = await Promise.all(associations.map((association) => association.response()))
  for (const association of associations) association.close()
  return answers.map(({ status }) => status)
}

describe('the same instance again', () => {
  test('an instance that comes again is answered 0000 and sent once: over any association, and after confirmation, retention and restarts', async () => {
    await using clinic = await openClinic()
    const instance = inventedInstance(5000)
    expect(await statusesOf(clinic, instance, instance)).toEqual([0, 0])
    expect(await statusesOf(clinic, instance)).toEqual([0])
    await allSettled(clinic)
    expect(await statusesOf(clinic, instance)).toEqual([0])
    await clinic.stopAgent()
    await clinic.startAgent()
    expect(await statusesOf(clinic, instance)).toEqual([0])
    await clinic.stopAgent()
    expect(await removeConfirmed(clinic)).toBe(1)
    await clinic.startAgent()
    await clinic.stopCenter()
    await clinic.startCenter()
    expect(await statusesOf(clinic, instance)).toEqual([0])
    expect(await account(clinic)).toEqual(once(5, instance))
  })

  test('an instance that comes again while its pack is under way is sent once', async () => {
    const send = {
      packBytes: 2 ** 24,
      packMembers: 500,
      chunkBytes: 65_536,
      uploads: 2,
      bandwidthBytesPerSecond: 300_000,
    }
    await using clinic = await openClinic({ settings: { send } })
    const instance = inventedInstance(400_000)
    expect(await statusesOf(clinic, instance)).toEqual([0])
    await until(
      () => clinic.agent.service.status(),
      ({ deliveries }) => deliveries.sending === 1,
    )
    expect(await statusesOf(clinic, instance, instance)).toEqual([0, 0])
    expect(clinic.agent.service.status().deliveries).toMatchObject({ sending: 1, queued: 0 })
    expect(await account(clinic)).toEqual(once(2, instance))
  })

  test('an instance from eight associations at the same moment is answered 0000 to all and kept once', async () => {
    await using clinic = await openClinic()
    const instance = inventedInstance(40_000)
    const same = Array.from({ length: SENDERS }, () => instance)
    expect(await storeInterleaved(clinic.agent.port, same)).toEqual(zeros(SENDERS))
    expect(await account(clinic)).toEqual(once(SENDERS - 1, instance))
  })

  test('an instance from two clinics at once is kept once at the center, and each clinic has its delivery', async () => {
    await using center = await RunningCenter.start()
    const agents = [await center.enrol('North'), await center.enrol('South')]
    const sopInstanceUid = newUid()
    const { dataSet, studyInstanceUid, seriesInstanceUid } = inventedInstance(3000, { sopInstanceUid })
    const answers = await Promise.all(
      agents.map(async (agent) => {
        const recipients = await center.recipients(agent)
        return agent.deliver(
          packOf([
            spoolFile({
              recipients,
              dataSet,
              envelope: { sopInstanceUid, studyInstanceUid, seriesInstanceUid },
            }),
          ]),
        )
      }),
    )
    expect(answers).toMatchObject([{ members: [{ state: 'stored' }] }, { members: [{ state: 'stored' }] }])
    expect(await center.desk.status()).toMatchObject({ instances: 1, held: 0 })
    const [study] = await center.desk.studies(1, 10)
    expect(study?.agents.split(',').toSorted()).toEqual(['North', 'South'])
  })
})

describe('many senders at once', () => {
  test('a study that eight devices send, each in its own order, arrives with every instance once', async () => {
    await using clinic = await openClinic()
    const studyInstanceUid = newUid()
    const instances = Array.from({ length: 24 }, () => inventedInstance(8000, { studyInstanceUid }))
    const answers = await Promise.all(
      Array.from({ length: SENDERS }, (_, sender) =>
        statusesOf(clinic, ...instances.slice(sender * 3), ...instances.slice(0, sender * 3)),
      ),
    )
    expect(answers.flat()).toEqual(zeros(SENDERS * instances.length))
    expect(await account(clinic)).toEqual(once((SENDERS - 1) * instances.length, ...instances))
  })

  test('eight instances whose fragments come interleaved arrive byte for byte', async () => {
    await using clinic = await openClinic()
    const studyInstanceUid = newUid()
    const instances = Array.from({ length: SENDERS }, () => inventedInstance(60_000, { studyInstanceUid }))
    expect(await storeInterleaved(clinic.agent.port, instances)).toEqual(zeros(SENDERS))
    expect(await account(clinic)).toEqual(once(0, ...instances))
  })
})

describe('the same SOP Instance UID with other bytes', () => {
  const twoVersions = {
    held: 0,
    confirmed: 2,
    taken: 2,
    repeats: 0,
    instances: 2,
    conflicts: 1,
    delivered: 2,
  }

  test('two versions under one UID are answered 0000, kept and delivered, and both ends say that they differ', async () => {
    await using clinic = await openClinic()
    const uids = { sopInstanceUid: newUid(), studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
    const [first, second] = [inventedInstance(5000, uids), inventedInstance(5000, uids)]
    expect(await statusesOf(clinic, first, second)).toEqual([0, 0])
    expect(await account(clinic)).toEqual({ ...twoVersions, files: digests(first, second) })

    const [atAgent] = clinic.agent.service.studies(10).studies
    expect(atAgent).toMatchObject({ instances: 2, confirmed: 2, conflicts: 1 })
    writeFileSync(
      join(clinic.folder, 'center.yaml'),
      'version: 1\nname: a\npublicUrl: https://localhost:1\ndataFolder: center\n',
    )
    const said = await runCommand(clinic.folder, ['studies', '--json'], { program: ferryCenterProgram })
    expect(JSON.parse(said.out)).toMatchObject({ studies: [{ instances: 2, held: 1 }] })
  })

  test('eight versions that eight associations send at the same moment are all kept and told apart', async () => {
    await using clinic = await openClinic()
    const uids = { sopInstanceUid: newUid(), studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
    const versions = Array.from({ length: SENDERS }, () => inventedInstance(20_000, uids))
    expect(await storeInterleaved(clinic.agent.port, versions)).toEqual(zeros(SENDERS))
    expect(await account(clinic)).toEqual({
      ...once(0, ...versions),
      conflicts: SENDERS - 1,
    })
  })

  test('the same image in another transfer syntax is kept as a version that differs', async () => {
    await using clinic = await openClinic()
    const explicit = inventedInstance(5000)
    const implicit = { ...explicit, ...asImplicit(explicit) }
    expect(await statusesOf(clinic, explicit, implicit)).toEqual([0, 0])
    expect(await account(clinic)).toEqual({ ...twoVersions, files: digests(explicit, implicit) })
    const syntaxes = storedAtCenter(join(clinic.folder, 'center')).map((one) => one.transferSyntaxUid)
    expect(syntaxes.toSorted()).toEqual([UID.implicitVrLittleEndian, UID.explicitVrLittleEndian])
  })
})

/** As the retention time does it when it has passed; returns how many. */
async function removeConfirmed({ settings }: Clinic): Promise<number> {
  using queue = await openQueue(settings.dataFolder, systemClock, [CENTER])
  const due = queue.retained.due(Date.now() + 60_000, 10)
  queue.retained.markRemoved(due)
  for (const ulid of due) await queue.spool.remove(ulid)
  return due.length
}

/** The same few elements in Implicit VR Little Endian, with pixels of its own. */
function asImplicit({ sopClassUid, sopInstanceUid, studyInstanceUid }: ReturnType<typeof inventedInstance>) {
  const dataSet = Buffer.concat([
    element(0x0008, 0x0016, uidValue(sopClassUid)),
    element(0x0008, 0x0018, uidValue(sopInstanceUid)),
    element(0x0020, 0x000d, uidValue(studyInstanceUid)),
    element(0x7fe0, 0x0010, randomBytes(5000)),
  ])
  return { dataSet, transferSyntaxUid: UID.implicitVrLittleEndian }
}

function element(group: number, number: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.writeUInt32LE(value.length, 4)
  return Buffer.concat([head, value])
}

const uidValue = (text: string): Buffer => Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1')
