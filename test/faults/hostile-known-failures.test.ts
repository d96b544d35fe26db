import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { dataPdu, pdv, RawAssociation, storeCommand } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  CT_IMAGE_STORAGE,
  DEFLATED_HARM,
  namedInstance,
  OVERSIZE_LENGTHS,
} from './support/hostile-instances.ts'
import { peakMemory } from './support/hostile-process.ts'
import { HOSTILE_TEXTS } from './support/hostile-texts.ts'

/** By default part of an instance is refused; here it must get as far as it can. */
const TAKING_PARTS = checkingSchema.parse({ truncated: 'accept', fragmentsEnd: 'accept' })
const MIB = 1024 * 1024
const DEFLATED = '1.2.840.10008.1.2.1.99'

/** Names that could only come from a peer: Ferry's own are ULIDs, UIDs, digests and words of its own. */
function foreignNames(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const name = basename(path)
    const isReserved = /^(con|nul|com1|lpt1|aux|prn)(\.|$)/i.test(name)
    return isReserved || !/^[\w~-][\w.~-]*$/.test(name) || /\.$|^\.|escaped|^-rf$|^__proto__$/.test(name)
  })
}

/** Where the texts point to, whatever they are taken relative to. */
function escaped(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => readdirSync(folder).filter((name) => name.includes('ferry-escaped')))
}

test('UIDs and AE titles that lead out of a folder name no file, in the clinic or at the center', async () => {
  const listener = { name: 'main', host: '127.0.0.1', port: 0, aeTitles: ['*'] }
  await using clinic = await openClinic({ settings: { listener } })
  const statuses: (number | undefined)[] = []
  for (const text of HOSTILE_TEXTS) {
    const raw = await RawAssociation.open(clinic.agent.port, {
      calling: text.slice(0, 16),
      called: text.slice(0, 16),
    })
    for (const [study, series] of [
      [text, text],
      ['1.2.3', text],
      [text, '1.2.3'],
    ] as const) {
      const sopInstance = series === text ? text : `1.2.3.${statuses.length}`
      await raw.send(
        dataPdu(pdv(1, 3, storeCommand({ sopInstance }))),
        dataPdu(pdv(1, 2, namedInstance(sopInstance, study, series))),
      )
      statuses.push((await raw.response()).status)
    }
    raw.close()
  }
  const taken = statuses.filter((status) => status === 0).length
  expect(new Set(statuses)).toEqual(new Set([0, 0xc000]))
  expect(taken).toBeGreaterThan(100)
  const { held, confirmed } = await allSettled(clinic)
  expect({ held, confirmed }).toEqual({ held: 0, confirmed: taken })
  const stored = storedAtCenter(join(clinic.folder, 'center'))
  expect(stored).toHaveLength(taken)
  const instances = join(clinic.folder, 'center', 'instances')
  expect(stored.filter(({ path }) => path.slice(instances.length + 1).split('/').length !== 3)).toEqual([])
  expect(foreignNames(clinic.folder)).toEqual([])
  expect(escaped('/', tmpdir(), clinic.folder, process.cwd(), join(process.cwd(), '..'))).toEqual([])
}, 120_000)

test('the search for such files does find them', () => {
  using folder = tempFolder()
  mkdirSync(folder.join('CON'))
  for (const name of ['ferry-escaped', 'nul.dcm', '1.2.3.', '-rf', 'a b'])
    writeFileSync(folder.join(name), '')
  expect(foreignNames(folder.path)).toHaveLength(6)
  expect(escaped(folder.path)).toEqual(['ferry-escaped'])
})

test('an instance whose lengths say more than there is arrives byte for byte, and does no harm', async () => {
  await using clinic = await openClinic({ settings: { checking: TAKING_PARTS } })
  const instances = OVERSIZE_LENGTHS.map(([, dataSet]) => ({
    ...inventedInstance(2),
    sopInstanceUid: newUid(),
    dataSet,
  }))
  const answers = await sendInstances(clinic.agent.port, instances)
  expect(answers.map(({ status }) => status)).toEqual(OVERSIZE_LENGTHS.map(() => 0))
  expect(await allSettled(clinic)).toMatchObject({ held: 0, confirmed: instances.length })
  const digests = storedAtCenter(join(clinic.folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256)
  expect(digests.toSorted()).toEqual(instances.map(({ dataSet }) => sha256(dataSet)).toSorted())
})

const group = process.platform === 'linux' ? describe : describe.skip

group('deflated data', () => {
  test.each(DEFLATED_HARM)(
    'deflated data that %s is taken as it is, with less than 64 MB of memory',
    async (_, dataSet) => {
      await using clinic = await openClinic({ settings: { checking: TAKING_PARTS } })
      await clinic.stopAgent()
      await clinic.stopCenter()
      await using agent = await startProgram('run-agent', join(clinic.folder, 'agent.json'), clinic.settings)
      const pid = agent.child.pid ?? 0
      await sendInstances(
        agent.port,
        Array.from({ length: 20 }, () => inventedInstance(500_000)),
      )
      const before = peakMemory(pid)
      const association = await openAssociation({
        host: '127.0.0.1',
        port: agent.port,
        callingAeTitle: 'HARM',
        calledAeTitle: 'FERRY',
        contexts: [{ abstractSyntaxUid: CT_IMAGE_STORAGE, transferSyntaxUids: [DEFLATED] }],
        clock: systemClock,
      })
      const names = { sopClassUid: CT_IMAGE_STORAGE, sopInstanceUid: newUid(), transferSyntaxUid: DEFLATED }
      expect(await association.store({ ...names, dataSet: dataSet() })).toEqual({ status: 0 })
      await association.release()
      expect((peakMemory(pid) - before) / MIB).toBeLessThan(64)
    },
  )
})
