import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeDurably } from '../../../platform/durable-file.ts'
import { storageFailure } from '../../../platform/failure.ts'
import { DISPLAY_KEY_BYTES, DisplayKey } from './display-key.ts'

const FILE_NAME = /^display-\d{4}\.key$/

/**
 * Opens the newest display key of the folder, and makes one if there is none. A key file that is damaged is left alone
 * and a new key made beside it: what was sealed with the old one cannot be shown any more, and images go on. The key
 * lies on the same disk as the database: it hides names from who copies the database, not from who takes the disk.
 */
export async function openLocalDisplayKey(folder: string): Promise<DisplayKey> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const newest = localDisplayKeys(folder).at(-1)
    const key = newest === undefined ? undefined : parseKey(readFileSync(join(folder, newest), 'latin1'))
    return new DisplayKey(key ?? (await makeKey(join(folder, nextName(newest)))))
  } catch (error) {
    throw storageFailure(error, `opening the display key in ${folder}`)
  }
}

/** Names of the key files, the oldest first; none where there is no folder. */
export function localDisplayKeys(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => FILE_NAME.test(name))
      .toSorted()
  } catch {
    return []
  }
}

/** Removes every display key of the folder, and that durably. */
export async function removeLocalDisplayKeys(folder: string): Promise<void> {
  const names = localDisplayKeys(folder)
  if (names.length === 0) return
  try {
    for (const name of names) await unlink(join(folder, name))
    await syncFolder(folder)
  } catch (error) {
    throw storageFailure(error, `removing the display keys in ${folder}`)
  }
}

async function makeKey(path: string): Promise<Buffer> {
  const key = randomBytes(DISPLAY_KEY_BYTES)
  await writeDurably(path, `${key.toString('base64url')}\n`)
  return key
}

function parseKey(text: string): Buffer | undefined {
  const key = Buffer.from(text.trim(), 'base64url')
  return key.length === DISPLAY_KEY_BYTES ? key : undefined
}

function nextName(newest: string | undefined): string {
  const number = newest === undefined ? 0 : Number(newest.slice('display-'.length, -'.key'.length))
  return `display-${String(number + 1).padStart(4, '0')}.key`
}
