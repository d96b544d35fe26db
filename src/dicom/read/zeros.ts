/** Returns true if every byte is zero. Devices fill a data set up to a block with zeros. */
export function isZero(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}
