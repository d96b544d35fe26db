import { isIP } from 'node:net'
import type { CallerPattern } from '../../protocol/control-service.ts'

/** Precedes the bytes of an AE title in hex, if no shell can take the title unchanged. */
const HEX = 'hex:'

/** How callers are named on a command line: the AE title, and the address after an @. */
export function callerWord({ aeTitle, address }: CallerPattern, shell: PastingShell = ownShell()): string {
  const at = address === undefined ? '' : `@${address}`
  const plain = aeTitle.toLowerCase().startsWith(HEX) ? undefined : shellWord(`${aeTitle}${at}`, shell)
  const encoded = `${HEX}${Buffer.from(aeTitle, 'latin1').toString('hex')}${at}`
  return plain ?? shellWord(encoded, shell) ?? encoded
}

/** Reads what {@link callerWord} writes. An @ begins an address only if one follows. */
export function parseCaller(text: string): CallerPattern {
  const at = text.lastIndexOf('@')
  const address = at < 0 ? '' : text.slice(at + 1)
  if (isIP(address) === 0) return { aeTitle: parseAeTitle(text), address: undefined }
  return { aeTitle: parseAeTitle(text.slice(0, at)), address }
}

/** An AE title as typed, or in hex; spaces around it are padding (PS3.5 §6.2). */
export function parseAeTitle(text: string): string {
  const digits = text.toLowerCase().startsWith(HEX) ? text.slice(HEX.length) : ''
  const isHex = /^([0-9a-f]{2}){1,16}$/i.test(digits)
  return (isHex ? Buffer.from(digits, 'hex').toString('latin1') : text).replace(/^ +| +$/g, '')
}

/**
 * Returns a command of `ferry devices` for a caller; a name that begins with a dash must not be parsed as an option.
 */
export function deviceCommand(command: string, caller: CallerPattern, options = ''): string {
  const word = callerWord(caller)
  const ferry = `ferry devices ${command}`
  const given = options === '' ? '' : ` ${options}`
  return /^['"]?-/.test(word) ? `${ferry}${given} -- ${word}` : `${ferry} ${word}${given}`
}

export type PastingShell = 'posix' | 'windows'

/** The shell of this machine, where the printed commands are pasted. */
const ownShell = (): PastingShell => (process.platform === 'win32' ? 'windows' : 'posix')

/**
 * The path of a file as one argument, also with spaces and Chinese characters. On Windows, cmd.exe reads it, and PowerShell
 * unless it contains a dollar sign or a back quote.
 */
export function shellPath(path: string, shell: PastingShell = ownShell()): string {
  if (/^[\w.:/\\-]+$/.test(path) && (shell === 'windows' || !path.includes('\\'))) return path
  return shell === 'posix' ? `'${path.replaceAll("'", String.raw`'\''`)}'` : `"${path}"`
}

/** Means itself in bash, cmd.exe and PowerShell. */
const BARE = /^[A-Za-z0-9_][A-Za-z0-9_.:@/-]*$/
/** Characters that cmd.exe or PowerShell change between double quotes. */
const CHANGED_BY_WINDOWS = /[$`"%!]/

/**
 * One argument of a printed command, quoted for the shell. Undefined if it cannot be written so that it means the same
 * in every shell of the system: it is not printable ASCII, or on Windows, it means different things to cmd.exe and PowerShell.
 */
export function shellWord(text: string, shell: PastingShell): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined
  if (BARE.test(text)) return text
  if (shell === 'posix') return `'${text.replaceAll("'", String.raw`'\''`)}'`
  return CHANGED_BY_WINDOWS.test(text) || text.endsWith('\\') ? undefined : `"${text}"`
}
