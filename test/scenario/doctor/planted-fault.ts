import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { ferryCenterProgram } from '../../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../../src/console/program/ferry-program.ts'
import type { Language, Pair, Program } from '../../broken-things/pair.ts'
import { runCommand } from '../../support/programs/run-command.ts'

type Words = Readonly<Record<Language, RegExp>>

/** How doctor is called after the fault was planted. */
export interface Call {
  readonly args?: readonly string[]
  /** The built program is run behind these words, in a process of its own. */
  readonly wrapper?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** One thing that is wrong, and what doctor must say about it. */
export interface PlantedFault {
  readonly fault: string
  readonly program: Program
  /** Plants it on a copy of a joined pair of which nothing runs. */
  readonly plant: (pair: Pair) => Promise<Call | undefined> | Call | undefined
  readonly code: string
  readonly cause: Words
  readonly cure: Words
  /** Codes that follow from the fault, or from the fact that nothing runs. */
  readonly besides?: readonly string[]
  readonly needs?: 'root' | 'faketime'
}

interface Finding {
  readonly check: string
  readonly level: string
  readonly code: string | null
  readonly found: string
  readonly todo: string
}

interface Diagnosis {
  readonly exitCode: number | null
  readonly findings: readonly Finding[]
  readonly text: string
}

/** Runs doctor twice: as JSON for the codes, and as text for what a person reads. */
export async function diagnose(
  pair: Pair,
  program: Program,
  language: Language,
  call: Call = {},
): Promise<Diagnosis> {
  const said = await doctor(pair, program, language, call)
  const { out } = await doctor(pair, program, language, { ...call, args: [...(call.args ?? []), '--json'] })
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  return { exitCode: said.exitCode, findings, text: said.out }
}

async function doctor(
  pair: Pair,
  program: Program,
  language: Language,
  { args = [], wrapper, environment = {} }: Call,
): Promise<{ exitCode: number | null; out: string }> {
  if (wrapper !== undefined) return pair.run(program, ['doctor', ...args], { language, wrapper })
  return runCommand(pair.folder, ['doctor', ...args], {
    environment: { FERRY_LANG: language, ...environment },
    program: program === 'ferry' ? ferryProgram : ferryCenterProgram,
  })
}

export const badCodes = ({ findings }: Diagnosis): string[] =>
  findings.flatMap(({ level, code }) => (level === 'bad' && code !== null ? [code] : []))

/** Puts a program of the system in front of the real one, with the output that it has in this state. */
export function withTool(pair: Pair, name: string, script: string): Call {
  mkdirSync(pair.path('tools'), { recursive: true })
  writeFileSync(pair.path('tools', name), `#!/bin/sh\n${script}\n`)
  chmodSync(pair.path('tools', name), 0o755)
  return { wrapper: ['env', `PATH=${pair.path('tools')}:${process.env['PATH'] ?? ''}`] }
}

/** `systemctl show` of a unit. */
export function withUnit(pair: Pair, properties: Readonly<Record<string, string>>): Call {
  const usual = {
    LoadState: 'loaded',
    ActiveState: 'active',
    UnitFileState: 'enabled',
    Result: 'success',
    ExecMainStatus: '0',
    NRestarts: '0',
    User: 'root',
    LimitCORE: '0',
    MemorySwapMax: '0',
  }
  const lines = Object.entries({ ...usual, ...properties }).map(([name, value]) => `${name}=${value}`)
  return withTool(pair, 'systemctl', `cat <<'END'\n${lines.join('\n')}\nEND`)
}
