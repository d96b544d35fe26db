import { mkdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDurably } from '../../platform/durable-file.ts'
import { type JoinCode, parseJoinCode } from '../../protocol/join-code.ts'
import { pageJoinSchema } from '../../protocol/page/page-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'

/** An attempt to join that has not ended: the center has not approved the agent yet. */
interface PendingJoin {
  readonly code: JoinCode
  /** The name of the site. */
  readonly name: string
}

const pathIn = (dataFolder: string): string => join(dataFolder, 'keys', 'joining.json')

/**
 * Remembers an attempt to join, so that it goes on after a restart of the PC or of the set-up. The file is in the folder of
 * keys, for the service alone, until the agent has joined; the code is then spent.
 */
export async function rememberJoin(dataFolder: string, typed: { code: string; name: string }): Promise<void> {
  mkdirSync(join(dataFolder, 'keys'), { recursive: true, mode: 0o700 })
  await forgetJoin(dataFolder)
  await createDurably(pathIn(dataFolder), JSON.stringify(typed))
}

export async function forgetJoin(dataFolder: string): Promise<void> {
  await rm(pathIn(dataFolder), { force: true })
}

/** Returns the attempt that was remembered; undefined if there is none, or its file cannot be read. */
export function pendingJoin(dataFolder: string): PendingJoin | undefined {
  try {
    const text = readFileSync(pathIn(dataFolder), 'utf8')
    const { code, name } = parseJson(text, pageJoinSchema, 'KEY_FILE_INVALID', 'reading an attempt to join')
    return { code: parseJoinCode(code), name }
  } catch {
    return undefined
  }
}
