import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { CONTROL_PATHS } from '../../src/protocol/control-api.ts'
import { foldersSchema } from '../../src/protocol/folder-api.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { FOLDER_FILES } from './fault-sizes.ts'
import { KillClinic } from './support/kill-clinic.ts'

const MIB = 1024 * 1024
const GROWTH_MIB = 64
const LIMIT_MS = 120_000 + FOLDER_FILES * 40

/** Resident memory of a process, in MiB. */
function residentMib(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kib) * 1024) / MIB
}

test(
  'a folder with very many files is taken in flat memory, and looked at again in flat memory',
  async () => {
    using place = tempFolder()
    const path = place.join('endo')
    mkdirSync(join(path, 'sub'), { recursive: true })
    const folders = [folderSettings(path)]
    await using clinic = await KillClinic.open({
      devices: [FOLDER_DEVICE],
      folders,
      study: { quietMs: 60_000 },
    })
    const client = new ControlClient(clinic.dataFolder)
    const taken = async (): Promise<number> => {
      const { value } = await client.call(foldersSchema, 'GET', `${CONTROL_PATHS.folders}?limit=1`)
      return value.folders[0]?.taken ?? 0
    }
    const put = (from: number, to: number): void => {
      for (let i = from; i < to; i++)
        writeFileSync(join(path, i % 2 === 0 ? '' : 'sub', `${i}.dcm`), part10File(inventedInstance(200)))
    }
    // Caches and the heap have their size by then; what grows with files would double.
    const warmUp = FOLDER_FILES / 2
    put(0, warmUp)
    await until(taken, (files) => files >= warmUp, LIMIT_MS)
    const before = residentMib(clinic.pidOf('agent'))
    put(warmUp, FOLDER_FILES)
    let most = before
    await until(
      () => {
        most = Math.max(most, residentMib(clinic.pidOf('agent')))
        return taken()
      },
      (files) => files >= FOLDER_FILES,
      LIMIT_MS,
    )
    process.stdout.write(
      `folder of many files: ${JSON.stringify({ files: FOLDER_FILES, mibBefore: Math.round(before), mibMost: Math.round(most) })}\n`,
    )
    expect(most - before).toBeLessThan(GROWTH_MIB)
  },
  2 * LIMIT_MS + 180_000,
)
