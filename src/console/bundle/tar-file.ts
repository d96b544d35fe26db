import { Buffer } from 'node:buffer'

interface TarEntry {
  /** ASCII, at most 100 characters. */
  readonly name: string
  readonly content: string
}

const BLOCK = 512

/** Puts texts into a tar file (POSIX.1-1988, ustar), each readable by its owner alone. */
export function tarFile(entries: readonly TarEntry[], nowMs: number): Buffer {
  const pieces = entries.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content)
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)
    return [header(name, bytes.length, nowMs), bytes, padding]
  })
  return Buffer.concat([...pieces, Buffer.alloc(2 * BLOCK)])
}

function header(name: string, size: number, nowMs: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0)
  block.write(octal(0o600, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(Math.floor(nowMs / 1000), 12), 136)
  block.write(' '.repeat(8), 148)
  block.write('0', 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
