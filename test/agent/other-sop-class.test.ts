import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { splitPart10 } from '../support/instances/corpus-files.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'

const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4'

/** A data set of a CT image that the device announces as MR. */
const announcedAsMr = () => ({ ...inventedInstance(1000), sopClassUid: MR_IMAGE_STORAGE })

test('an instance of another SOP class than announced arrives whole under the class of its data set, and is flagged', async () => {
  await using clinic = await openClinic()
  const instance = announcedAsMr()
  expect(await sendInstances(clinic.agent.port, [instance])).toEqual([{ status: 0x0000 }])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1, held: 0 })
  const [stored] = storedAtCenter(join(clinic.folder, 'center'))
  expect(stored).toMatchObject({ dataSetSha256: sha256(instance.dataSet) })
  expect(splitPart10(stored?.path ?? '')?.sopClassUid).toBe('1.2.840.10008.5.1.4.1.1.2')
  expect(clinic.agent.service.status().instanceFindings).toContainEqual(
    expect.objectContaining({ callingAeTitle: 'CT1', finding: 'sopClass' }),
  )
})

test('a site that wants it refuses such an instance with A900', async () => {
  await using clinic = await openClinic({
    settings: { checking: { ...checkingSchema.parse({}), sopClass: 'refuse' } },
  })
  const [answer] = await sendInstances(clinic.agent.port, [announcedAsMr()])
  expect(answer).toEqual({ status: 0xa900, errorComment: 'CHECK_REFUSED' })
  expect(storedAtCenter(join(clinic.folder, 'center'))).toEqual([])
})
