/** The reason why a text cannot be the AE title of an accepted device. */
type AeTitleFault = 'blank' | 'control' | 'backslash' | 'foreign' | 'long'

/** AE: 16 characters of the default repertoire, without control characters and backslash, not only spaces (PS3.5 §6.2). */
export function aeTitleFault(text: string): AeTitleFault | undefined {
  if (text.trim() === '') return 'blank'
  if (/[\p{Cc}--[\x80-\x9f]]/v.test(text)) return 'control'
  if (text.includes('\\')) return 'backslash'
  if (!/^[\x20-\x7e]*$/.test(text)) return 'foreign'
  return text.length > 16 ? 'long' : undefined
}
