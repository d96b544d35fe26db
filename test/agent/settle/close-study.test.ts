import { expect, test } from '@jest/globals'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import { closeStudy } from '../../../src/agent/settle/close-study.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { newSigningKey } from '../../../src/protocol/signing-key.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const STUDY = '1.1'
const agentKey = newSigningKey()

test('a study of which something was delivered while its parts were signed is not closed by them', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const form = async (): Promise<() => void> => {
    await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: STUDY }))
    const { header } = queue.packs.formNext('center', { bytes: 1e6, members: 10 }) ?? {}
    const outcomes = header?.members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
    return () => queue.packs.settle('center', header?.pack ?? '', outcomes ?? [])
  }
  for (let n = 0; n < 3; n++) (await form())()
  const { studies } = queue
  const deliverLate = await form()
  const addPart = studies.addPart.bind(studies)
  studies.addPart = (...part) => {
    addPart(...part)
    studies.addPart = addPart
    deliverLate()
  }
  const means = { destination: 'center', studies, signingKey: agentKey, partInstances: 1, clock: systemClock }
  const { signal } = new AbortController()
  expect(await closeStudy(means, STUDY, signal)).toBeUndefined()
  expect(studies.counts('center')).toEqual({ open: 1, closed: 0, confirmed: 0 })
  expect(studies.manifestsDue('center')).toEqual([])
  expect(await closeStudy(means, STUDY, signal)).toMatchObject({ version: 1, parts: 4, instances: 4 })
  expect(studies.manifestsDue('center')).toMatchObject([{ version: 1, part: 1 }])
})
