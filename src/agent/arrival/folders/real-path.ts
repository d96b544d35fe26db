import { realpath } from 'node:fs/promises'

/** Returns the path of a folder without symbolic links, as bytes. Throws errors of the file system. */
export async function realPathOf(path: string): Promise<Buffer> {
  return canonical(await realpath(path, 'buffer'))
}

/** True if no part of the path is a symbolic link or, on Windows, a junction. */
export async function isRealPath(path: Buffer): Promise<boolean> {
  const real = canonical(await realpath(path, 'buffer'))
  return process.platform === 'win32' ? lowerCase(real) === lowerCase(path) : real.equals(path)
}

/** Windows gives paths with backslashes and takes those with slashes. */
function canonical(path: Buffer): Buffer {
  return process.platform === 'win32' ? Buffer.from(path.toString('utf8').replaceAll('\\', '/')) : path
}

const lowerCase = (path: Buffer): string => path.toString('utf8').toLowerCase()
