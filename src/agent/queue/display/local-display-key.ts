import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeDurably } from '../../../platform/durable-file.ts'
import { storageFailure } from '../../../platform/failure.ts'
import { DISPLAY_KEY_BYTES, DisplayKey } from './display-key.ts'

const FILE_NAME = /^display-\d{4}\.key$/

/**
 * Opens the newest display key of the folder, and makes one if there is none. A damaged key file is left in place and a
 * new key is made next to it: records under the old one can no longer be shown, and images are not affected. The key is
 * on the same disk as the database: it hides names from a person who copies the database, not from one who takes the
 * disk.
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

/** Names of the key files, the oldest first; empty if the folder does not exist. */
export function localDisplayKeys(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => FILE_NAME.test(name))
      .toSorted()
  } catch {
    return []
  }
}

/** Removes every display key of the folder durably. */
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
