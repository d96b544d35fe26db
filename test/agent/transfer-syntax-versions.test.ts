import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

test('a device corrects the transfer syntax of an instance by sending the same bytes under the right one', async () => {
  await using clinic = await openClinic()
  const right = inventedInstance(3000)
  const wrong = { ...right, transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN }

  expect(await statuses(clinic, wrong, right, wrong, right)).toEqual([0, 0, 0, 0])

  expect(await allSettled(clinic)).toMatchObject({ confirmed: 2 })
  expect(syntaxesAtCenter(clinic)).toEqual([IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN])
})

test('both are still two versions after the index was lost, and neither is sent twice', async () => {
  await using clinic = await openClinic()
  const right = inventedInstance(3000)
  const wrong = { ...right, transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN }
  await statuses(clinic, wrong, right)
  await allSettled(clinic)
  await clinic.stopAgent()
  for (const end of ['', '-wal', '-shm'])
    rmSync(join(clinic.settings.dataFolder, `queue.sqlite${end}`), { force: true })
  await clinic.startAgent()

  expect(await allSettled(clinic)).toMatchObject({ confirmed: 2 })
  expect(await statuses(clinic, wrong, right)).toEqual([0, 0])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 2 })
  expect(syntaxesAtCenter(clinic)).toEqual([IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN])
})

async function statuses(clinic: Clinic, ...instances: Parameters<typeof sendInstances>[1][number][]) {
  const answers = await sendInstances(clinic.agent.port, instances)
  return answers.map(({ status }) => status)
}

const syntaxesAtCenter = ({ folder }: Clinic): string[] =>
  storedAtCenter(join(folder, 'center'))
    .map(({ transferSyntaxUid }) => transferSyntaxUid)
    .toSorted()
