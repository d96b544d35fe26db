/** LO holds 64 characters (PS3.5 §6.2); the command set has no character set, and a backslash would part values. */
export function errorComment(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64)
}
