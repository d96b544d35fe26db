import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { osUserOf } from './os-users.ts'

/** The reason why a path cannot be used: its rights, or the kind of file. */
interface PathTrouble {
  readonly code: 'ACCESS_DENIED' | 'PATH_UNUSABLE' | 'STORAGE_ERROR'
  /** The fault that was found, and its cure. */
  readonly words: string
}

const DENIED = new Set(['EACCES', 'EPERM', 'SQLITE_PERM', 'SQLITE_AUTH'])
/** SQLite reports little about the reason, so the path is examined. */
const SQLITE_CANNOT = /^SQLITE_(CANTOPEN|READONLY|IOERR)/
const WRONG_KIND = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'ERR_FS_EISDIR'])
const READ_ONLY = 'EROFS'
const NETWORK = new Set(['bind', 'connect', 'listen', 'getaddrinfo', 'send', 'recv'])

/**
 * Returns the fault of the path of a file system or SQLite error, found by examining each folder on the way to it;
 * undefined for every other error. If the error names two paths (a rename), the first is examined.
 */
export function pathTrouble(error: unknown): PathTrouble | undefined {
  const { code, path, syscall } = factsOf(error)
  if (code === undefined || path === undefined || NETWORK.has(syscall ?? '')) return undefined
  if (code === READ_ONLY) return readOnly(path)
  if (WRONG_KIND.has(code)) return kindTrouble(resolve(path)) ?? unusable(`${path} cannot be used (${code})`)
  if (DENIED.has(code)) return lookAt(path) ?? denied(path)
  return SQLITE_CANNOT.test(code) ? lookAt(path) : undefined
}

/** Adds the path to an error that does not contain it, such as one of SQLite's. */
export function withPath(error: unknown, path: string): unknown {
  return Error.isError(error) ? Object.assign(error, { path }) : error
}

/** Returns the fault of a path that must be readable and writable; undefined if none is found. */
export function lookAt(path: string): PathTrouble | undefined {
  const whole = resolve(path)
  const wrong = kindTrouble(whole)
  if (wrong !== undefined) return wrong
  for (const folder of foldersAbove(whole)) {
    if (!can(folder, constants.X_OK)) return isThere(folder) ? denied(folder) : undefined
  }
  const folder = dirname(whole)
  for (const file of isThere(whole) ? [whole, `${whole}-wal`, `${whole}-shm`] : []) {
    if (!isThere(file) || can(file, constants.R_OK | constants.W_OK)) continue
    return isReadOnly(file) ? readOnly(file) : denied(file)
  }
  if (can(folder, constants.W_OK)) return undefined
  return isReadOnly(folder) ? readOnly(folder) : denied(folder)
}

function factsOf(error: unknown): { code?: string; path?: string; syscall?: string } {
  if (typeof error !== 'object' || error === null) return {}
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === 'string' ? value : undefined
  }
  const facts = { code: text('code'), path: text('path'), syscall: text('syscall') }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

function kindTrouble(path: string): PathTrouble | undefined {
  for (const folder of foldersAbove(path)) {
    const found = stat(folder)
    if (found !== undefined && !found.isDirectory())
      return unusable(`${folder} is a file, and a folder is expected there`)
  }
  const found = stat(path)
  if (found === undefined || found.isFile() || found.isSocket()) return undefined
  return found.isDirectory() ? undefined : unusable(`${path} is neither a file nor a folder`)
}

/** From the root down, without the path itself. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let at = dirname(path); ; at = dirname(at)) {
    folders.unshift(at)
    if (at === dirname(at)) return folders
  }
}

const unusable = (words: string): PathTrouble => ({ code: 'PATH_UNUSABLE', words })

function readOnly(path: string): PathTrouble {
  return {
    code: 'STORAGE_ERROR',
    words: `the file system of ${path} is read-only: it was mounted so, or the system made it so after an error of the disk`,
  }
}

function denied(path: string): PathTrouble {
  const self = process.geteuid?.()
  const found = stat(path)
  if (self === undefined || found === undefined)
    return { code: 'ACCESS_DENIED', words: `${path} may not be used by ${userInfo().username}` }
  const [runsAs, owner] = [nameOf(self), nameOf(found.uid)]
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0')
  const facts = `this runs as ${runsAs}, and ${path} belongs to ${owner} with mode ${mode}`
  return { code: 'ACCESS_DENIED', words: `${facts}: ${cureOf(path, found, owner, self)}` }
}

/** A command of root acts as the owner of the data folder, so that root itself can use such a path no more than others. */
function cureOf(path: string, found: Stats, owner: string, self: number): string {
  if (found.uid === self) return `chmod u+rw${found.isDirectory() ? 'x' : ''} ${path}`
  if (found.uid === 0) return `use another path, or give this one to the user of the service (chown)`
  return `run this as ${owner}, or give the path to the user of the service (chown)`
}

/** `ferry (id 998)`; the id alone if the system's list of users does not have it. */
function nameOf(uid: number): string {
  const user = osUserOf(uid)
  return user === undefined ? `user id ${uid}` : `${user.name} (id ${uid})`
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

const isThere = (path: string): boolean => stat(path) !== undefined

function can(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return false
  } catch (error) {
    return factsOf(error).code === READ_ONLY
  }
}
