import { parseArgs } from 'node:util'
import { benchChain } from './chain.ts'
import { benchDeid } from './deid.ts'
import { benchForward } from './forward.ts'
import { benchIntake } from './intake.ts'
import { describeMachine } from './machine.ts'
import { benchPackage } from './package.ts'
import { benchPage } from './page.ts'
import { benchPriority } from './priority.ts'
import { benchRegion } from './region.ts'
import { formatResults, type Results, writeResults } from './results.ts'
import { STUDY_SETS } from './study/study-sets.ts'
import { type Group, isFailed, type Sheet } from './table.ts'
import { type BenchOptions, say } from './workbench.ts'

const KINDS: Readonly<
  Record<string, (options: BenchOptions, missing: Set<string>) => Promise<Group[] | Sheet[]>>
> = {
  intake: benchIntake,
  forward: benchForward,
  chain: benchChain,
  deid: benchDeid,
  package: benchPackage,
  page: benchPage,
  priority: benchPriority,
  region: benchRegion,
}

const USAGE = `usage: npm run bench -- intake|forward|chain|deid|package|page|priority|region [--instances N] [--rounds N] [--only SET] [--quick]
  --instances N  slices of the CT set (default 1000); the other sets shrink by the same part
  --rounds N     of each comparison, the median counts (default 3)
  --only SET     intake: only the comparisons with ct, mr, dr or multiframe
  --quick        200 slices, one round, no 2 GB instance`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      instances: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  })
  const [kind = ''] = positionals
  const run = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  const instances = Number(values.instances ?? (values.quick ? 200 : STUDY_SETS.ct.instances))
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  const isSet = values.only === undefined || Object.hasOwn(STUDY_SETS, values.only)
  if (run === undefined || positionals.length !== 1 || !isCount(instances) || !isCount(rounds) || !isSet) {
    say(USAGE)
    return 2
  }
  const machine = describeMachine()
  const takenAt = new Date()
  const missing = new Set<string>()
  const groups = await run({ instances, rounds, quick: values.quick, only: values.only }, missing)
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const results: Results = { kind, takenAt, command, machine, missing: [...missing], groups }
  process.stdout.write(`${formatResults(results)}\n`)
  say(`written to ${await writeResults(results)}`)
  return groups.some(isFailed) ? 1 : 0
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
