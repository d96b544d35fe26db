import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { DiskClinic } from './support/disk-clinic.ts'

function setLimit(pid: number, descriptors: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`])
  if (status !== 0) throw new Error(`prlimit: ${stderr.toString()}`)
}

/** From now on the process can open only this many more files and sockets. */
function leaveDescriptors(pid: number, count: number): void {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let free = 0; free < count || used.has(limit); limit++) if (!used.has(limit)) free++
  setLimit(pid, limit)
}

const isPossible = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
const group = isPossible ? describe : describe.skip

group(isPossible ? 'an agent without descriptors' : 'an agent without descriptors (needs prlimit)', () => {
  test('an agent without descriptors refuses for now, loses nothing, and goes on when there are descriptors again', async () => {
    await using clinic = await DiskClinic.open()
    const pid = clinic.agent.child.pid ?? 0
    const devices = await Promise.all(Array.from({ length: 16 }, () => clinic.device()))
    leaveDescriptors(pid, 4)
    const answers = await Promise.all(devices.map((device) => device.store(5_000_000)))
    expect(answers).toContain('a700 STORAGE_FULL')
    expect(answers.filter((answer) => !['0000', 'a700 STORAGE_FULL'].includes(answer))).toEqual([])
    leaveDescriptors(pid, 0)
    expect(['closed', 'rejected 2/3/1']).toContain(await clinic.door())
    expect(await clinic.logs('storage takes nothing')).toMatchObject([{ code: 'STORAGE_FULL' }])
    expect(clinic.spooled()).toHaveLength(clinic.acknowledged.length)
    setLimit(pid, 1024)
    expect(await clinic.letsIn()).toBeLessThan(5000)
    const again = await Promise.all(devices.map((device) => device.store(1000)))
    expect(again).toEqual(Array(16).fill('0000'))
    expect(await clinic.alarms()).toEqual([])
    expect(clinic.absentFromSpool()).toEqual([])
    expect(await clinic.absentFromCenter()).toEqual([])
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()))
  })
})
