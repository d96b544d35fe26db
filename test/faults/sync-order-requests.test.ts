import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { COMMITMENT_SOP_INSTANCE_UID } from '../../src/dicom/edit/commitment-data-set.ts'
import { PROCEDURE_STEP_SOP_CLASS_UID } from '../../src/dicom/edit/procedure-step-data-set.ts'
import type { ServiceAnswer } from '../../src/dimse/association/service.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { commitmentDataSet } from '../support/instances/commitment-data-set.ts'
import { procedureStepDataSet } from '../support/instances/procedure-step-data-set.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { UID } from '../support/peers/raw-association.ts'
import { committedAnswers, STRACE } from '../support/programs/sync-order.ts'
import { KillClinic } from './support/kill-clinic.ts'
import { straceTrouble } from './support/kill-strace.ts'

const NO_COMMIT_SYNC = ['--import', join(import.meta.dirname, 'support/kill-no-commit-sync.mjs')]
const ROUNDS = 5
/** N-ACTION-RSP, N-CREATE-RSP, N-SET-RSP (PS3.7 §E.1). */
const ASKED = [0x8130, 0x8140, 0x8120]

/** A device announces steps and asks for commitment, one after the other, while the agent is under strace. */
async function trace(nodeFlags: readonly string[]): Promise<ReturnType<typeof committedAnswers>> {
  const device = { name: 'CT1', aeTitle: 'CT1', addresses: [], procedureSteps: true }
  await using clinic = await KillClinic.open({ devices: [device] })
  await clinic.kill('agent')
  const traceFile = join(clinic.folder, 'agent.trace')
  await clinic.start('agent', { wrapper: [...STRACE, '-o', traceFile], nodeFlags })
  const statuses = await askEachTime(clinic.portOf('agent'))
  await clinic.kill('agent')
  expect(statuses.map(({ status }) => status)).toEqual(Array.from({ length: 3 * ROUNDS }, () => 0))
  return committedAnswers(traceFile, join(clinic.dataFolder, 'queue.sqlite-wal'), ASKED)
}

async function askEachTime(port: number): Promise<ServiceAnswer[]> {
  const transferSyntaxUids = [UID.implicitVrLittleEndian]
  await using association = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [UID.storageCommitment, PROCEDURE_STEP_SOP_CLASS_UID].map((abstractSyntaxUid) => ({
      abstractSyntaxUid,
      transferSyntaxUids,
    })),
    clock: systemClock,
  })
  const answers: ServiceAnswer[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const instances = [{ sopClassUid: '1.2', sopInstanceUid: newUid() }]
    const step = { sopClassUid: PROCEDURE_STEP_SOP_CLASS_UID, sopInstanceUid: newUid() }
    // Nothing is written later on for an image that has not come.
    const series = [{ seriesInstanceUid: newUid(), images: [newUid()] }]
    const begun = { status: 'IN PROGRESS', studyInstanceUids: [newUid()] }
    answers.push(
      await association.perform({
        service: 'N-ACTION',
        sopClassUid: UID.storageCommitment,
        sopInstanceUid: COMMITMENT_SOP_INSTANCE_UID,
        typeId: 1,
        dataSet: commitmentDataSet(newUid(), instances),
      }),
      await association.perform({ service: 'N-CREATE', ...step, dataSet: procedureStepDataSet(begun) }),
      await association.perform({
        service: 'N-SET',
        ...step,
        dataSet: procedureStepDataSet({ status: 'COMPLETED', series }),
      }),
    )
  }
  return answers
}

const trouble = straceTrouble()
const group = trouble === undefined ? describe : describe.skip

group(trouble === undefined ? 'under strace' : `under strace (not tried: ${trouble})`, () => {
  test('announcements and requests of a device are on the disk before the answer leaves', async () => {
    const answers = await trace([])
    expect(answers.map(({ commandField }) => commandField)).toEqual(
      Array.from({ length: ROUNDS }, () => ASKED).flat(),
    )
    expect(answers.filter(({ isAfterSync }) => !isAfterSync)).toEqual([])
  })

  test('the same check fails for every answer when commits are not synced', async () => {
    const answers = await trace(NO_COMMIT_SYNC)
    expect(answers).toHaveLength(3 * ROUNDS)
    expect(answers.filter(({ isAfterSync }) => isAfterSync)).toEqual([])
  })
})
