import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const settings = { log: { level: 'debug' as const } }

describeWithSmallDisks('a log on a full disk', () => {
  test('a log on a full disk costs lines and nothing else, and their number is said when there is room again', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('log'), 'size=64k')
    disk.fill(0)
    const logFile = folder.join('log/agent.log')
    await using clinic = await DiskClinic.open({ settings, logFile })
    await using device = await clinic.device()
    for (let i = 0; i < 20; i++) expect(await device.store(10_000)).toBe('0000')
    expect(await clinic.door()).toBe('accepted')
    expect(clinic.logged('association accepted')).toEqual([])
    disk.clean()
    await until(
      async () => {
        await clinic.door()
        return clinic.logged('log lines dropped')
      },
      ([line]) => Number(line?.['count']) > 0,
    )
    await clinic.logs('association accepted')
    expect(clinic.absentFromSpool()).toEqual([])
  })

  test('a full disk ends a program that writes to standard error as Node does', () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('log'), 'size=64k')
    disk.fill(0)
    const file = openSync(folder.join('log/agent.log'), 'a')
    const program = "process.stderr.write('a line\\n'); setTimeout(() => process.exit(0), 100)"
    const { status } = spawnSync(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', file] })
    closeSync(file)
    expect(status).not.toBe(0)
  })
})

const canMakePipes = spawnSync('mkfifo', ['--version']).status === 0
const group = canMakePipes ? describe : describe.skip

group(canMakePipes ? 'a log that nobody reads' : 'a log that nobody reads (needs mkfifo)', () => {
  test('a full log does not hold up the agent, and has whole lines where it is read again', async () => {
    using folder = tempFolder()
    const pipe = folder.join('pipe')
    spawnSync('mkfifo', [pipe])
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    await using clinic = await DiskClinic.open({ settings, logFile: pipe })
    for (let i = 0; i < 200; i++) await clinic.door()
    await using device = await clinic.device()
    expect(await device.store(10_000)).toBe('0000')
    const room = Buffer.alloc(1024 * 1024)
    const lines = room.toString('utf8', 0, readSync(reader, room)).split('\n').slice(0, -1)
    // A pipe holds 64 KiB: the agent had stopped being able to write.
    expect(lines.join('\n').length).toBeGreaterThan(60_000)
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level')
    expect(clinic.absentFromSpool()).toEqual([])
    closeSync(reader)
  })
})
