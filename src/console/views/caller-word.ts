import { isIP } from 'node:net'
import type { CallerPattern } from '../../protocol/control-api.ts'
import { ownShell, type Shell, shellWord } from './shell-word.ts'

/** Before the bytes of an AE title in hex, for one that no shell takes as it is. */
const HEX = 'hex:'

/** How callers are named on a command line: the AE title, and the address after an @. */
export function callerWord({ aeTitle, address }: CallerPattern, shell: Shell = ownShell()): string {
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

/** A command of `ferry devices` for a caller; what begins with a dash must not be taken for an option. */
export function deviceCommand(command: string, caller: CallerPattern, options = ''): string {
  const word = callerWord(caller)
  const ferry = `ferry devices ${command}`
  const given = options === '' ? '' : ` ${options}`
  return /^['"]?-/.test(word) ? `${ferry}${given} -- ${word}` : `${ferry} ${word}${given}`
}
