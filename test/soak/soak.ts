import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { formatReport } from './format-report.ts'
import { isStood, runSoak } from './soak-run.ts'

const USAGE = `usage: npm run soak -- [--hours N] [--minutes N] [--seed S] [--folder F]
  --hours N, --minutes N  how long devices send and faults happen (default 1 hour)
  --seed S                of everything that is random; printed, so that it can be given again
  --folder F              a new folder for everything (default: one in the temporary folder)`

// All is said; nothing that a fault left behind may keep it from ending.
process.exit(await main())

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      hours: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      folder: { type: 'string' },
    },
  })
  const isTimeGiven = values.hours !== undefined || values.minutes !== undefined
  const minutes = isTimeGiven ? 60 * Number(values.hours ?? 0) + Number(values.minutes ?? 0) : 60
  const seed = values.seed ?? String(Math.floor(Math.random() * 1e9))
  if (!Number.isFinite(minutes) || minutes <= 0) return refuse(USAGE)
  if (!existsSync('/proc/self/status')) return refuse('soak reads /proc, which this system does not have')
  if (values.folder !== undefined && existsSync(values.folder))
    return refuse(`${values.folder} is there already`)
  const folder = values.folder === undefined ? mkdtempSync(join(tmpdir(), 'soak-')) : resolve(values.folder)
  mkdirSync(folder, { recursive: true })

  console.log(`seed ${seed} · ${minutes} minutes · in ${folder}`)
  const startedAt = new Date()
  const report = await runSoak({
    seed,
    folder,
    durationMs: minutes * 60_000,
    devices: 8,
    instancesPerSecond: 10,
    faultEveryMs: Math.min(20_000, minutes * 2_500),
    longestFaultMs: 15_000,
    retentionMs: 60_000,
    settleMs: 600_000,
    sampleEveryMs: minutes < 10 ? 2_000 : 10_000,
    sayEveryMs: 60_000,
    say: (line) => console.log(line),
  })
  const path = join(folder, 'report.json')
  writeFileSync(path, `${JSON.stringify({ startedAt, ...report }, undefined, 2)}\n`)
  console.log(formatReport(report))
  const stood = isStood(report)
  if (stood) for (const name of ['agent', 'center']) rmSync(join(folder, name), { recursive: true })
  console.log(`${path}${stood ? '' : '; everything is kept beside it'}`)
  return stood ? 0 : 1
}

function refuse(words: string): number {
  console.error(words)
  return 2
}
