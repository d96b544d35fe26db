import { closeSync, openSync, readSync } from 'node:fs'

/**
 * The head of the log's index, the file `-shm` (https://sqlite.org/walformat.html, "WAL-Index Format"). Numbers are in the
 * byte order of the machine; that of x64 and ARM is little-endian.
 */
const PAGE_BYTES_AT = 14
const LAST_FRAME_AT = 16
const COPIED_FRAMES_AT = 96
const HEAD_BYTES = 100

/**
 * Returns how many bytes of a database's write-ahead log are not in its file yet. Returns 0 if the database is not open
 * anywhere, or its log is empty. The length of the log does not tell: after a checkpoint the log
 * begins again and keeps it.
 */
export function waitingLogBytes(path: string): number {
  const head = readHead(`${path}-shm`)
  if (head === undefined) return 0
  const frames = head.readUInt32LE(LAST_FRAME_AT) - head.readUInt32LE(COPIED_FRAMES_AT)
  return Math.max(0, frames) * pageBytes(head.readUInt16LE(PAGE_BYTES_AT))
}

/** 64 KiB do not fit into the two bytes and are written as 1. */
const pageBytes = (written: number): number => (written === 1 ? 65_536 : written)

function readHead(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const head = Buffer.alloc(HEAD_BYTES)
    return readSync(file, head, 0, HEAD_BYTES, 0) === HEAD_BYTES ? head : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
