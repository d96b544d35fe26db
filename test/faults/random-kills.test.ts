import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { corpusFiles, corpusPath, splitPart10 } from '../support/instances/corpus.ts'
import { hasStorescu } from '../support/peers/storescu.ts'
import { Random } from '../support/random.ts'
import { RANDOM_KILLS } from './fault-sizes.ts'
import { accountOf } from './support/kill-account.ts'
import { KillClinic } from './support/kill-clinic.ts'
import { type FileToSend, StorescuFeed } from './support/kill-storescu.ts'

const DEVICES = 3
const LARGEST_REAL_FILE = 600 * 1024
/** Implicit and explicit VR little endian: what storescu proposes without being told. */
const UNCOMPRESSED = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1']

const random = Random.fromEnvironment()
const isThere = hasStorescu()
const group = isThere ? describe : describe.skip

group(isThere ? 'storescu as a device' : 'storescu as a device (it is not here)', () => {
  test(
    'every Success that storescu read is confirmed exactly once, though agent and center are killed at random',
    async () => {
      await using clinic = await KillClinic.open({ study: { quietMs: 100 } })
      const realFiles = filesOfManyMakes()
      const feeds = Array.from({ length: DEVICES }, (_, device) => {
        const own = realFiles.filter((_file, i) => i % DEVICES === device)
        return new StorescuFeed(clinic.portOf('agent'), join(clinic.folder, `device${device}`), own, random)
      })
      for (let kill = 0; kill < RANDOM_KILLS; kill++) {
        const program = kill % 2 === 0 ? 'agent' : 'center'
        // Any moment will do; the pause only spreads them over the run.
        // The moment of a kill is drawn by chance; nothing is waited for.
        await pause(random.between(300, 1500))
        await clinic.kill(program)
        await clinic.start(program)
      }
      await Promise.all(feeds.map((feed) => feed.end()))
      const acknowledged = feeds.flatMap((feed) => Array.from(feed.acknowledged.values()))
      const wrong = await accountOf(clinic, acknowledged, 60_000 + 100 * acknowledged.length)
      const counts = {
        kills: RANDOM_KILLS,
        acknowledged: acknowledged.length,
        real: acknowledged.filter(({ dataSetSha256 }) => dataSetSha256 === undefined).length,
        storescuBroken: feeds.reduce((sum, { broken }) => sum + broken, 0),
        wrong: wrong.length,
        seed: random.seed,
      }
      process.stdout.write(`random kills under storescu: ${JSON.stringify(counts)}\n`)
      expect(wrong).toEqual([])
      // Otherwise no device was sending while the programs died.
      expect(counts.storescuBroken).toBeGreaterThan(0)
      expect(counts.acknowledged).toBeGreaterThan(10 * RANDOM_KILLS)
    },
    120_000 + RANDOM_KILLS * 20_000,
  )
})

/** Real files that storescu sends as they are asked for by default, each SOP instance once; none where there is no corpus. */
function filesOfManyMakes(): FileToSend[] {
  if (!existsSync(corpusPath('MANIFEST.tsv'))) return []
  const files = new Map<string, FileToSend>()
  for (const { path, bytes, expect: readable, transferSyntaxUid } of corpusFiles()) {
    if (readable !== 'ok' || bytes > LARGEST_REAL_FILE || !UNCOMPRESSED.includes(transferSyntaxUid)) continue
    const sopInstanceUid = sopInstanceUidWithin(path, transferSyntaxUid)
    if (sopInstanceUid === undefined) continue
    files.set(sopInstanceUid, { path, sopInstanceUid, dataSetSha256: undefined })
  }
  return Array.from(files.values())
}

/** storescu sends the UID of the data set, whatever the file's header says; undefined if the data set has none. */
function sopInstanceUidWithin(path: string, transferSyntaxUid: string): string | undefined {
  const scanner = new DataSetHeadScanner(transferSyntaxUid)
  scanner.push(splitPart10(path)?.dataSet ?? Buffer.alloc(0))
  return scanner.head.sopInstanceUid
}
