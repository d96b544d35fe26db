import { readdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { speak } from '../../src/console/language/language.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { headlineOf } from '../../src/console/views/status-view.ts'
import { ballastBytes } from '../../src/platform/ballast.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { until } from '../support/clocks/until.ts'
import { testSettings } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000
const IMAGE_BYTES = 10 * MIB

/** Its disk has 300 MiB, of which 64 are kept in reserve. */
function openOn(disk: SmallDisk, atLeastMs: number): Promise<DiskClinic> {
  const dataFolder = join(disk.path, 'agent')
  const { limits } = testSettings(dataFolder)
  const retention = { confirmedMs: 7 * DAY_MS, atLeastMs }
  return DiskClinic.open({
    settings: { dataFolder, retention, limits: { ...limits, reserveBytes: 64 * MIB } },
  })
}

/** Sends one image over an association of its own; answers its status or how it was turned away. */
async function send(clinic: DiskClinic, bytes = IMAGE_BYTES): Promise<string> {
  const door = await clinic.door()
  if (door !== 'accepted') return door
  await using device = await clinic.device()
  return await device.store(bytes)
}

async function sendUntilRefused(clinic: DiskClinic): Promise<string> {
  for (let i = 0; i < 60; i++) {
    const answer = await send(clinic)
    if (answer !== '0000') return answer
  }
  return 'never refused'
}

async function allConfirmed(clinic: DiskClinic): Promise<void> {
  await until(
    async () => (await clinic.status()).deliveries,
    ({ queued, sending, delivered, confirmed }) => queued + sending + delivered === 0 && confirmed > 0,
    30_000,
  )
}

async function hasBallast({ dataFolder }: DiskClinic): Promise<void> {
  await until(
    () => ballastBytes(dataFolder),
    (bytes) => bytes > 0,
  )
}

/** The next record needs new room: pages that the log has already would be written again. */
function emptyLogOfIndex({ dataFolder }: DiskClinic): void {
  const schema = join(import.meta.dirname, '../../src/agent/queue/schema')
  const index = Database.open(join(dataFolder, 'queue.sqlite'), schema)
  index.emptyLog()
  index.close()
}

/** Returns the statement of `ferry status` about the disk. */
async function words(clinic: DiskClinic, language: 'en' | 'zh' = 'en'): Promise<string> {
  const say = speak(language)
  const status = await clinic.status()
  const findings = assessHealth(status, say, language).filter(({ code }) => code.startsWith('STORAGE'))
  const views = headlineOf(findings, status.now, say).findings
  return views.map(({ what, advice }) => [what, ...advice.map(({ text }) => text)].join('\n')).join('\n\n')
}

describeWithSmallDisks('a disk that fills up', () => {
  test('a disk full of confirmed copies takes every next image without a person: the oldest copies make room', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    let fewest = Number.POSITIVE_INFINITY
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 8; i++) expect(await send(clinic)).toBe('0000')
      await allConfirmed(clinic)
      if (round >= 2) fewest = Math.min(fewest, clinic.spooled().length)
    }
    // Twice the reserve stays free, and no copy leaves before it must.
    expect(fewest).toBeGreaterThan(9)
    expect(await clinic.alarms()).toEqual([])
    expect(await clinic.absentFromCenter()).toEqual([])
    await until(
      () => disk.freeBytes,
      (free) => free >= 128 * MIB,
    )
    const kept = new Set(clinic.spooled().map(({ envelope }) => envelope.sopInstanceUid))
    expect(kept.size).toBeGreaterThan(5)
    const newest = clinic.acknowledged.slice(-kept.size).map(({ sopInstanceUid }) => sopInstanceUid)
    expect(kept).toEqual(new Set(newest))
    const { contents, room } = (await clinic.status()).disk
    expect([room, contents?.waitingBytes]).toEqual(['enough', 0])
    expect(contents?.confirmedBytes).toBeGreaterThanOrEqual(kept.size * IMAGE_BYTES)
  })

  test('a disk full of segments takes every next image without a person: segments go when all of their copies went', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 30; i++) expect(await send(clinic, 2 * MIB)).toBe('0000')
      await allConfirmed(clinic)
    }
    expect(await clinic.alarms()).toEqual([])
    expect(await clinic.absentFromCenter()).toEqual([])
    await until(
      () => disk.freeBytes,
      (free) => free >= 128 * MIB,
    )
    const kept = new Set(clinic.spooled().map(({ envelope }) => envelope.sopInstanceUid))
    // The oldest went first; the records of some of them lie on in segments that others need.
    const newest = clinic.acknowledged.slice(-10).map(({ sopInstanceUid }) => sopInstanceUid)
    expect(newest.filter((uid) => !kept.has(uid))).toEqual([])
    expect(kept.size).toBeLessThan(clinic.acknowledged.length)
    // Some may have been moved out of a segment that was otherwise not needed.
    expect(clinic.spooled().some(({ path }) => path.endsWith('.seg'))).toBe(true)
  })

  test('a disk that others fill to the last byte lets devices in again: the ballast makes room to record that copies go', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    for (let i = 0; i < 12; i++) expect(await send(clinic)).toBe('0000')
    await allConfirmed(clinic)
    await hasBallast(clinic)
    emptyLogOfIndex(clinic)
    disk.fill(0)
    await until(
      () => clinic.door(),
      (answer) => answer !== 'accepted',
    )
    await clinic.letsIn(30_000)
    expect(await send(clinic)).toBe('0000')
    await hasBallast(clinic)
    expect(await clinic.absentFromCenter()).toEqual([])
  })

  test('an agent starts on a disk that others have filled to the last byte, and sends what waits', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    await hasBallast(clinic)
    await clinic.clinic.stopCenter()
    expect(await send(clinic)).toBe('0000')
    // A clean stop removes the memory that the index's processes share: the next start needs room for it.
    await clinic.agent.stop()
    disk.fill(0)
    await clinic.clinic.startCenter()
    await clinic.restart()
    await allConfirmed(clinic)
    expect(await clinic.absentFromCenter()).toEqual([])
    // The control: without the ballast it cannot start.
    await clinic.agent.stop()
    rmSync(join(clinic.dataFolder, 'ballast'), { force: true })
    disk.fill(0)
    await expect(clinic.restart()).rejects.toThrow('the program ended before it was ready')
  }, 60_000)

  test('a disk full of waiting images refuses devices, says so truly, and takes images again once the center has them', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    await clinic.clinic.stopCenter()
    expect(await sendUntilRefused(clinic)).toBe('rejected 2/3/1')
    expect(await clinic.alarms()).toEqual(['STORAGE_FULL'])
    const said = await words(clinic)
    expect(said).toMatch(/Disk full: [\d.]+ MiB free, 64.0 MiB are kept in reserve/)
    expect(said).toMatch(/The disk has 300 MiB: 2\d\d MiB wait to be confirmed, 0 B are copies/)
    expect(said).toContain('ferry queue shows why')
    expect(said).not.toContain('retention')
    expect(said).not.toMatch(/\d{6}/)
    expect(await words(clinic, 'zh')).toMatch(/磁盘已满.*等待签收 2\d\d MiB/s)
    await clinic.clinic.startCenter()
    await clinic.letsIn(60_000)
    expect(await send(clinic)).toBe('0000')
    expect(await clinic.absentFromCenter()).toEqual([])
    expect(clinic.absentFromSpool().length).toBeGreaterThan(0)
  })

  test('a site that keeps confirmed copies for 7 days at least is told which setting shuts out its devices', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 7 * DAY_MS)
    expect(await sendUntilRefused(clinic)).toBe('rejected 2/3/1')
    await allConfirmed(clinic)
    const files = clinic.spooled().length
    // Retention has looked at it since, and found the copies too young.
    await until(
      async () => (await clinic.status()).disk.room,
      (room) => room === 'young',
    )
    expect(await clinic.door()).toBe('rejected 2/3/1')
    expect(clinic.spooled()).toHaveLength(files)
    expect(clinic.absentFromSpool()).toEqual([])
    const said = await words(clinic)
    expect(said).toMatch(
      /2\d\d MiB are confirmed copies, all of them younger than 7 d: set retention.atLeast/,
    )
    expect(said).toContain('restart Ferry')
  })

  test('a copy that the center has lost stays, however full the disk, until the center has it again', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=300m')
    await using clinic = await openOn(disk, 0)
    for (let i = 0; i < 12; i++) expect(await send(clinic)).toBe('0000')
    await allConfirmed(clinic)
    const store = join(clinic.clinic.folder, 'center', 'instances')
    for (const name of readdirSync(store, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.dcm')) unlinkSync(join(store, name))
    disk.fill(20 * MIB)
    await clinic.logs('center lacks instances that it had receipted: they are kept')
    expect(clinic.absentFromSpool()).toEqual([])
    await until(
      () => clinic.absentFromCenter(),
      (absent) => absent.length === 0,
      150_000,
    )
    await clinic.letsIn(90_000)
  }, 300_000)
})
