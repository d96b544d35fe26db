import { type FileHandle, open, readdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const PIECE_BYTES = 256 * 1024

/**
 * Removes remains that a crash left of instances that are now stored and in the register: a file under another name of
 * the same instance that no row names and that contains only the beginning of the stored one, so that nothing is lost
 * with it. All other files stay: after the loss of a register one may be the last copy of an instance. Never throws:
 * remains are harmless.
 */
export async function removeLeftovers(
  folder: string,
  files: readonly string[],
  isNobodys: (file: string) => Promise<boolean>,
): Promise<void> {
  for (const [series, stored] of Map.groupBy(files.filter(isSecondName), dirname)) {
    const names = await readdir(join(folder, series)).catch(() => [])
    for (const file of stored) {
      for (const other of names.filter((name) => isOfSameInstance(name, basename(file)))) {
        const leftover = join(series, other)
        if ((await isNobodys(leftover)) && (await isBeginning(join(folder, leftover), join(folder, file)))) {
          await unlink(join(folder, leftover)).catch(() => {})
        }
      }
    }
  }
}

/** The plain name was taken: by another version of the instance, or by the remains of a crash. */
const isSecondName = (file: string): boolean => basename(file).includes('~')

function isOfSameInstance(name: string, stored: string): boolean {
  const base = stored.slice(0, stored.indexOf('~'))
  return name !== stored && (name === `${base}.dcm` || name.startsWith(`${base}~`))
}

/** Returns false also if either cannot be read. */
async function isBeginning(path: string, wholePath: string): Promise<boolean> {
  try {
    await using some = await open(path, 'r')
    await using whole = await open(wholePath, 'r')
    const { size } = await some.stat()
    for (let at = 0; at < size; at += PIECE_BYTES) {
      const bytes = Math.min(PIECE_BYTES, size - at)
      if (!(await piece(some, at, bytes)).equals(await piece(whole, at, bytes))) return false
    }
    return true
  } catch {
    return false
  }
}

/** Returns fewer bytes than requested at the end of the file. */
async function piece(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await handle.read(buffer, 0, bytes, at)
  return buffer.subarray(0, bytesRead)
}
