export type Shell = 'posix' | 'windows'

/** The shell of the machine that this runs on: what Ferry prints is pasted there. */
export const ownShell = (): Shell => (process.platform === 'win32' ? 'windows' : 'posix')

/** Means itself in bash, cmd.exe and PowerShell. */
const BARE = /^[A-Za-z0-9_][A-Za-z0-9_.:@/-]*$/
/** Characters that cmd.exe or PowerShell change between double quotes. */
const CHANGED_BY_WINDOWS = /[$`"%!]/

/**
 * One argument of a printed command, quoted for the shell. Undefined if it cannot be written so that it means the same
 * in every shell of the system: it is not printable ASCII, or on Windows, it means different things to cmd.exe and PowerShell.
 */
export function shellWord(text: string, shell: Shell): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined
  if (BARE.test(text)) return text
  if (shell === 'posix') return `'${text.replaceAll("'", String.raw`'\''`)}'`
  return CHANGED_BY_WINDOWS.test(text) || text.endsWith('\\') ? undefined : `"${text}"`
}
