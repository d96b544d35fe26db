import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LogSettings } from '../../config/log-settings.ts'
import { runTool } from '../../platform/host/run-tool.ts'
import { LogLines } from '../logs/log-lines.ts'
import { type LogProgram, logFileName, systemLogFolder } from '../logs/log-place.ts'
import type { UidMasks } from './uid-masks.ts'

/** The newest lines are enough for some hours at the level `info`. */
const LINES = 5000

/** The end of the log, from files or from the journal. Only lines of Ferry's own form: others could hold anything. */
export async function bundledLog(program: LogProgram, log: LogSettings, masks: UidMasks): Promise<string> {
  const folder = log.file?.folder ?? systemLogFolder()
  const path = join(folder, logFileName(program))
  const lines = existsSync(path) ? linesOf(path) : await journalLines(program)
  return lines
    .slice(-LINES)
    .flatMap((line) => {
      const entry = entryOf(line)
      return entry === undefined ? [] : [`${JSON.stringify(masks.inValue(entry))}\n`]
    })
    .join('')
}

function linesOf(path: string): string[] {
  using file = new LogLines(path)
  return Array.from(file.read())
}

async function journalLines(program: LogProgram): Promise<string[]> {
  const args = ['--unit', `${program}.service`, '--output', 'cat', '--no-pager', '--quiet']
  const answer = await runTool('journalctl', ...args, '--lines', `${LINES}`)
  return answer?.out.split('\n') ?? []
}

function entryOf(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'level' in value ? value : undefined
  } catch {
    return undefined
  }
}
