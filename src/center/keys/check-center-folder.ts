import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../platform/failure.ts'
import { type IdentityNote, identityNoteIfReadable, readIdentityNote } from '../../platform/identity-note.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { hasRegister, REGISTER_FILE } from '../register/register-file.ts'
import { MARKER_FILE } from '../store/store-marker.ts'
import { keyFileNames } from './key-file.ts'

/**
 * Throws DATA_FOLDER_CHANGED if the keys or the register of a center that worked here are gone, or if the center of
 * this configuration file worked in another folder: only a person may decide to create them again. Creates nothing.
 */
export async function checkCenterFolder(folder: string, configFile?: string): Promise<void> {
  if ((await keyFileNames(folder)).length === 0) {
    const note = noteOf(configFile)
    if (note !== undefined || hasRegister(folder) || hasWorked(folder)) throw keysGone(folder, note)
    return
  }
  if (!hasRegister(folder)) {
    const note = noteOf(configFile)
    if (note !== undefined || hasWorked(folder)) throw registerGone(folder, note)
  }
}

/** Throws DATA_FOLDER_CHANGED if another center is recorded next to the configuration file. */
export function checkCenterIdentity(folder: string, fingerprint: string, configFile?: string): void {
  const note = configFile === undefined ? undefined : identityNoteIfReadable(configFile)
  if (note === undefined || note.fingerprint === fingerprint) return
  throw changed(folder, `has the keys of another center (${shortFingerprint(fingerprint)})`, note, [
    'mount the disk, or set dataFolder back to that folder',
    `if this folder is the right one, remove ${note.path}`,
  ])
}

/**
 * Called before keys are created: throws DATA_FOLDER_CHANGED if a center worked in this folder, or with this
 * configuration file.
 */
export async function checkUnusedFolder(folder: string, configFile?: string): Promise<void> {
  if ((await keyFileNames(folder)).length > 0) return
  await checkCenterFolder(folder, configFile)
}

const noteOf = (configFile: string | undefined): IdentityNote | undefined =>
  configFile === undefined ? undefined : readIdentityNote(configFile)

/** A center that was started once leaves these files. */
const hasWorked = (folder: string): boolean =>
  ['packs', join('instances', MARKER_FILE)].some((name) => existsSync(join(folder, name)))

function keysGone(folder: string, note: IdentityNote | undefined): Failure {
  const found = existsSync(folder) ? 'has no keys in keys/' : 'does not exist'
  return changed(folder, found, note, [
    'mount the disk, set dataFolder back, or bring the newest keys/ back from the backup',
    'nothing was made: new keys would shut every clinic out',
  ])
}

function registerGone(folder: string, note: IdentityNote | undefined): Failure {
  return changed(folder, `has no ${REGISTER_FILE}`, note, [
    `bring ${REGISTER_FILE} and instances/ back from the backup`,
    'if there is none: ferry-center register new; every clinic then needs a join code, and sends again what it still has',
  ])
}

function changed(
  folder: string,
  found: string,
  note: IdentityNote | undefined,
  todo: readonly string[],
): Failure {
  const was =
    note === undefined
      ? []
      : [
          `the center ${note.center} (${shortFingerprint(note.fingerprint)}) of ${note.since.slice(0, 10)} used ${note.dataFolder} (noted in ${note.path})`,
        ]
  const lines = [`looking at dataFolder ${folder}: it ${found}`, ...was, ...todo]
  return new Failure('DATA_FOLDER_CHANGED', lines.join('\n'))
}
