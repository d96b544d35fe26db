import { expect, test } from '@jest/globals'
import { parseRecipient } from '../../src/age/x25519-keys.ts'
import type { CheckPolicy } from '../../src/agent/arrival/check-instance.ts'
import { StorageGate } from '../../src/agent/arrival/storage-gate.ts'
import { PreparedSealers } from '../../src/agent/envelope/prepared-sealers.ts'
import { InstanceIntake } from '../../src/agent/intake/intake.ts'
import { Treatments } from '../../src/agent/intake/treatments.ts'
import { openLocalDisplayKey } from '../../src/agent/queue/display/local-display-key.ts'
import { openQueue } from '../../src/agent/queue/open-queue.ts'
import { SpoolRoom } from '../../src/agent/queue/spool-room.ts'
import { IDENTIFIED_ROUTE } from '../../src/config/deid-settings.ts'
import { FINDINGS } from '../../src/dicom/check/check-findings.ts'
import type { StoreAnswer } from '../../src/dimse/association/association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { Failure } from '../../src/platform/failure.ts'
import { silentLog } from '../../src/platform/log.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { testIdentity } from '../support/instances/sealed-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import type { RawInstance } from '../support/peers/send-instances.ts'
import { tempFolder } from '../support/temp-folder.ts'

const checking = Object.fromEntries(FINDINGS.map((finding) => [finding, 'accept'])) as CheckPolicy
const LIMIT = 2_000_000

const asItCame = new Treatments({
  routes: [IDENTIFIED_ROUTE],
  normalization: { system: 'FERRY', recordOriginals: false, rules: [] },
  deidentified: undefined,
  clock: systemClock,
  system: 'FERRY',
  record: () => {},
})

/** An intake into a queue of its own; `files` counts what lies in its spool. */
async function openIntake(policy: Partial<CheckPolicy> = {}) {
  const folder = tempFolder()
  const names = { state: 'local-key' as const, key: await openLocalDisplayKey(folder.path) }
  const queue = await openQueue(folder.path, systemClock, ['center'], names)
  const { alarms } = queue
  const surroundings = { clock: systemClock, log: silentLog, alarms }
  const room = new SpoolRoom(folder.join('spool'), 0, systemClock)
  const writeRows = () => queue.lateRows.write()
  const gate = { folder: folder.path, reserveBytes: 0, room, writeRows, ...surroundings }
  const storage = new StorageGate(gate)
  const recipients = [parseRecipient(testIdentity.recipient)]
  const parts = {
    queue,
    storage,
    clock: systemClock,
    log: silentLog,
    listener: 'main',
    recipients: () => recipients,
    sealers: new PreparedSealers(),
    instanceLimitBytes: LIMIT,
    checking: { ...checking, ...policy },
    characterSet: undefined,
    device: undefined,
    treatments: asItCame,
    work: { accepted: () => {} },
  }
  const begin = (instance: RawInstance): InstanceIntake => {
    const association = {
      callingAeTitle: 'CT1',
      calledAeTitle: 'FERRY',
      peerAddress: '127.0.0.1',
      peerPort: 1,
      contexts: [],
    }
    return new InstanceIntake({ ...instance, association, messageId: 1 }, parts)
  }
  return {
    queue,
    begin,
    async take(instance: RawInstance): Promise<StoreAnswer> {
      const intake = begin(instance)
      for (let at = 0; at < instance.dataSet.length; at += 16_384) {
        try {
          await intake.push(instance.dataSet.subarray(at, at + 16_384))
        } catch {
          break
        }
      }
      return await intake.finish()
    },
    files: () => spooledIn(folder.join('spool')).length,
    [Symbol.dispose]: () => {
      storage[Symbol.dispose]()
      queue[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}

test('an instance that is taken is queued and lies in the spool', async () => {
  using intake = await openIntake()
  expect(await intake.take(inventedInstance(1_000_000))).toEqual({ status: 0x0000 })
  expect([intake.files(), intake.queue.deliveries.counts('center').queued]).toEqual([1, 1])
})

test('the same instance again is Success and lies in the spool once', async () => {
  using intake = await openIntake()
  const instance = inventedInstance(1_000_000)
  await intake.take(instance)
  expect(await intake.take(instance)).toEqual({ status: 0x0000 })
  expect(intake.files()).toBe(1)
})

const other = inventedInstance(10)
const refused: [string, RawInstance, StoreAnswer][] = [
  [
    'whose data set names another SOP instance than the command',
    { ...inventedInstance(10), sopInstanceUid: '1.2.3' },
    { status: 0xa900, errorComment: 'DATA_SET_MISMATCH' },
  ],
  [
    'without a data set',
    { ...other, dataSet: Buffer.alloc(0) },
    { status: 0xc000, errorComment: 'DATA_SET_UNREADABLE' },
  ],
  [
    'with a UID that no envelope can hold',
    { ...other, sopInstanceUid: '1.'.repeat(100) },
    { status: 0xc000, errorComment: 'UID_INVALID' },
  ],
  ['over the size limit', inventedInstance(LIMIT), { status: 0xa700, errorComment: 'INSTANCE_TOO_LARGE' }],
]

test.each(refused)('an instance %s is refused and leaves nothing behind', async (_what, instance, answer) => {
  using intake = await openIntake()
  expect(await intake.take(instance)).toEqual(answer)
  expect([intake.files(), intake.queue.deliveries.counts('center').queued]).toEqual([0, 0])
})

test('an instance whose header cannot be read is taken all the same: its bytes are safe', async () => {
  using intake = await openIntake()
  const unreadable = { ...other, sopInstanceUid: '1.2.3.4', dataSet: Buffer.alloc(300_000, 0xff) }
  expect(await intake.take(unreadable)).toEqual({ status: 0x0000 })
  const [study] = intake.queue.studies.list('center', 10)
  expect(study).toMatchObject({ instances: 1, studyInstanceUid: expect.stringMatching(/^no-study-uid:/) })
})

test('an instance that breaks off leaves nothing behind', async () => {
  using intake = await openIntake()
  const instance = inventedInstance(1_500_000)
  const begun = intake.begin(instance)
  await begun.push(instance.dataSet.subarray(0, 900_000))
  begun.discard(new Failure('ASSOCIATION_ABORTED', 'the peer vanished'))
  expect(await until(intake.files, (files) => files === 0)).toBe(0)
})

/** The end of its pixel data is missing. */
function cutOff(): RawInstance {
  const instance = inventedInstance(10_000)
  return { ...instance, dataSet: instance.dataSet.subarray(0, -2_000) }
}

test('an instance with a finding is taken, held or refused as the configuration says', async () => {
  using accepting = await openIntake({ truncated: 'accept' })
  expect(await accepting.take(cutOff())).toEqual({ status: 0x0000 })
  expect(accepting.queue.findings.totals().map(({ finding }) => finding)).toContain('truncated')
  expect(accepting.queue.deliveries.counts('center').queued).toBe(1)
  using holding = await openIntake({ truncated: 'hold' })
  expect(await holding.take(cutOff())).toEqual({ status: 0x0000 })
  expect(holding.queue.deliveries.counts('center')).toMatchObject({ queued: 0, held: 1 })
  using refusing = await openIntake({ truncated: 'refuse' })
  expect(await refusing.take(cutOff())).toEqual({ status: 0xc000, errorComment: 'CHECK_REFUSED' })
  expect([refusing.files(), refusing.queue.deliveries.counts('center').queued]).toEqual([0, 0])
})

test('the patient of a received study can be shown afterwards', async () => {
  using intake = await openIntake()
  const instance = inventedInstance(1_000)
  await intake.take(instance)
  expect(intake.queue.display.get(instance.studyInstanceUid)).toMatchObject({
    attributes: { patientName: { text: 'INVENTED^PATIENT' } },
  })
})
