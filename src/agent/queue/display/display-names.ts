import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, systemCode } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import { DISPLAY_KEY_BYTES, DisplayKey } from './display-key.ts'
import type { DisplayNames, DisplayRecords } from './display-records.ts'
import { localDisplayKeys, openLocalDisplayKey, removeLocalDisplayKeys } from './local-display-key.ts'

/** The credential that the service manager provides: `LoadCredentialEncrypted=ferry-display-key:…` (systemd.exec). */
const DISPLAY_CREDENTIAL = 'ferry-display-key'

type DisplayNamesSetting = 'credential' | 'local-key' | 'off'

export const NO_NAMES: DisplayNames = { state: 'off' }

interface DisplayNamesPlace {
  readonly setting: DisplayNamesSetting
  /** The folder of local keys. */
  readonly keysFolder: string
  /** `CREDENTIALS_DIRECTORY` of the service; undefined if it was started by hand or without credentials. */
  readonly credentialsFolder: string | undefined
}

/**
 * Opens the key that the setting allows. A missing or wrong credential disables only the names; images are still
 * accepted and sent.
 */
export async function openDisplayNames(place: DisplayNamesPlace, log: Log): Promise<DisplayNames> {
  const { setting, keysFolder, credentialsFolder } = place
  switch (setting) {
    case 'off':
      return NO_NAMES
    case 'local-key':
      return { state: 'local-key', key: await openLocalDisplayKey(keysFolder) }
    case 'credential':
      return openCredential(credentialsFolder, log)
  }
}

/**
 * Removes the names that the setting no longer allows: all of them if names are off, and those under a local key if the
 * key must come from outside. Records are removed before keys, so that the next start completes this after a crash.
 */
export async function forgetNames(
  place: DisplayNamesPlace,
  display: DisplayRecords,
  log: Log,
): Promise<void> {
  const { setting, keysFolder } = place
  if (setting === 'local-key') return
  const keys = localDisplayKeys(keysFolder).length
  if (setting === 'credential' && keys === 0) return
  const records = display.removeAll()
  await removeLocalDisplayKeys(keysFolder)
  if (records + keys > 0) log.warn('display names removed', { records, keys })
}

function openCredential(folder: string | undefined, log: Log): DisplayNames {
  if (folder === undefined) return missing()
  try {
    const key = readFileSync(join(folder, DISPLAY_CREDENTIAL))
    if (key.length === DISPLAY_KEY_BYTES) return { state: 'credential', key: new DisplayKey(key) }
    log.error('display key is not usable', { reason: `not ${DISPLAY_KEY_BYTES} bytes but ${key.length}` })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return missing()
    log.error('display key is not usable', { reason: describe(error) })
  }
  return { state: 'bad-credential' }
}

/** On Windows DPAPI would be the way; Ferry has no native code that could call it. */
const missing = (): DisplayNames => ({
  state: process.platform === 'win32' ? 'unsupported' : 'no-credential',
})
