import { chmodSync, closeSync, openSync, readdirSync, type Stats, statSync } from 'node:fs'
import { Failure, storageFailure, systemCode } from './failure.ts'

const GROUP_AND_OTHERS = 0o077
/** All of these but the group's right to read. */
const MORE_THAN_GROUP_READS = 0o037
const STICKY = 0o1000

/**
 * Throws KEY_FILE_INVALID if other users of this machine can read or change a secret. The file must be the service's
 * own with mode 0600; one that root owns may be readable by a group (0640), as certificates of a system often are. On
 * Windows a file has no mode, and Node does not show its access list: nothing is checked there. Does nothing for a
 * missing file, since reading it gives a better message.
 */
export function checkPrivateFile(path: string, attempted: string): void {
  const [file, self] = [statIfThere(path), process.geteuid?.()]
  if (file === undefined || self === undefined) return
  const found = fileTrouble(file, self)
  if (found !== undefined) throw new Failure('KEY_FILE_INVALID', `${attempted}: ${path} ${found}`)
}

function fileTrouble(file: Stats, self: number): string | undefined {
  const { uid, mode } = file
  if (!file.isFile())
    return `is ${file.isDirectory() ? 'a folder' : 'not a regular file'}, and a file is expected there`
  const isRoots = uid === 0 && self !== 0
  if (uid !== self && self !== 0 && !isRoots)
    return `belongs to another user (id ${uid}), who can read and change it: make it the service's own (chown) with mode 0600`
  if ((mode & (isRoots ? MORE_THAN_GROUP_READS : GROUP_AND_OTHERS)) === 0) return undefined
  return `has mode ${octal(mode)}, so others than its owner can use it: chmod ${isRoots ? '640' : '600'}`
}

/** Names that occur only in a data folder of Ferry. */
const OUR_NAMES = ['keys', 'lock']

/**
 * Removes the rights of other users to a data folder (mode 0700). Returns true if it had to be changed. Throws
 * FOLDER_NOT_PRIVATE for a folder of another user, and for an open folder with other contents: such a folder, for
 * example /srv or /tmp, may be in use by others. On Windows a folder takes its access list from its parent.
 */
export function keepFolderPrivate(folder: string): boolean {
  const [found, self] = [statIfThere(folder), process.geteuid?.()]
  if (found === undefined || self === undefined) return false
  const { uid, mode } = found
  if (uid !== self && self !== 0)
    throw notPrivate(folder, `belongs to another user (id ${uid}): make it the service's own (chown)`)
  if ((mode & GROUP_AND_OTHERS) === 0) return false
  if ((mode & STICKY) !== 0 || !isOurs(folder))
    throw notPrivate(
      folder,
      `has mode ${octal(mode)} and other things in it: choose a folder that is Ferry's alone, or chmod 700`,
    )
  try {
    chmodSync(folder, 0o700)
  } catch (error) {
    throw storageFailure(error, `making ${folder} private`)
  }
  return true
}

function isOurs(folder: string): boolean {
  const names = readdirSync(folder)
  return names.length === 0 || OUR_NAMES.some((name) => names.includes(name))
}

const notPrivate = (folder: string, found: string): Failure =>
  new Failure('FOLDER_NOT_PRIVATE', `using the data folder ${folder}: it ${found}`)

/**
 * Creates a file of mode 0600 if there is none, and removes the rights of others to an existing one. An existing file
 * is not opened: closing it would release the locks that this process has on it (POSIX, fcntl).
 */
export function makeFilePrivate(path: string): void {
  if (process.getuid === undefined) return
  try {
    const file = statIfThere(path)
    if (file === undefined) closeSync(openSync(path, 'wx', 0o600))
    else if ((file.mode & GROUP_AND_OTHERS) !== 0) chmodSync(path, 0o600)
  } catch (error) {
    // Another process was first, and created it in the same way.
    if (systemCode(error) !== 'EEXIST') throw storageFailure(error, `making ${path} private`)
  }
}

/** Makes the database and SQLite's files next to it private; new ones take the mode of the database. */
export function makeDatabasePrivate(path: string): void {
  makeFilePrivate(path)
  for (const end of ['-wal', '-shm', '-journal']) {
    if (statIfThere(path + end) !== undefined) makeFilePrivate(path + end)
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `looking at ${path}`)
  }
}

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')
