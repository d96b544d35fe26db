import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { inventedInstance } from './invented-instance.ts'

/** A DICOM file with an invented instance, and its parts. */
export function dicomFile(pixelBytes = 1000): ReturnType<typeof inventedInstance> & { file: Buffer } {
  const instance = inventedInstance(pixelBytes)
  return { ...instance, file: Buffer.concat([encodePart10Header(instance), instance.dataSet]) }
}

/** Writes files with their folders. */
export function writeTree(folder: string, files: Readonly<Record<string, Buffer | string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = `${folder}/${name}`
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

interface ZipOptions {
  readonly compress?: boolean
  readonly zip64?: boolean
}

/** Writes a zip file by yazl, in the order of the entries. */
export async function writeZip(
  path: string,
  entries: Iterable<readonly [name: string, content: Buffer]>,
  { compress = true, zip64 = false }: ZipOptions = {},
): Promise<void> {
  const zip = new ZipFile()
  const options = { compress, forceZip64Format: zip64, mtime: new Date(2026, 0, 1) }
  for (const [name, content] of entries) zip.addBuffer(content, name, options)
  zip.end({ forceZip64Format: zip64 })
  await pipeline(zip.outputStream, createWriteStream(path))
}

const [LOCAL_HEADER, DIRECTORY_HEADER] = [0x04034b50, 0x02014b50]
const UTF_8_FLAG = 0x0800
const DEFLATED = 8
const MIB = 1024 * 1024

/**
 * Writes a zip file of two entries: `head` with MiB of zeros after it, and `other`. One deflated MiB is repeated, so the
 * zeros need neither memory nor time.
 */
export async function writeZipOfZeros(
  path: string,
  [name, head]: readonly [name: string, head: Buffer],
  mebibytes: number,
  other: readonly [name: string, content: Buffer],
): Promise<void> {
  const zeros = Buffer.alloc(MIB)
  const flushed = { finishFlush: constants.Z_FULL_FLUSH }
  const pieces = Array<Buffer>(mebibytes).fill(deflateRawSync(zeros, flushed))
  const deflated = Buffer.concat([deflateRawSync(head, flushed), ...pieces, deflateRawSync('')])
  let sum = crc32(head)
  for (let count = 0; count < mebibytes; count++) sum = crc32(zeros, sum)
  await writeZip(path, [[name, deflated], other], { compress: false })
  const zip = readFileSync(path)
  for (const [header, methodAt] of [
    [zip.indexOf(name) - 30, 8],
    [zip.lastIndexOf(name) - 46, 10],
  ] as const) {
    zip.writeUInt16LE(DEFLATED, header + methodAt)
    zip.writeUInt32LE(sum, header + methodAt + 6)
    zip.writeUInt32LE(head.length + mebibytes * MIB, header + methodAt + 14)
  }
  writeFileSync(path, zip)
}

/**
 * Writes other bytes in place of a name of the same length, and takes the mark of UTF-8 from all entries, as zip programs
 * of a Chinese Windows write their files.
 */
export function rename(zip: Buffer, from: string, to: Buffer): void {
  if (Buffer.byteLength(from) !== to.length) throw new Error(`${from} has another length`)
  for (let at = zip.indexOf(from); at >= 0; at = zip.indexOf(from, at + 1)) to.copy(zip, at)
  for (let at = 0; at < zip.length - 4; at++) {
    const signature = zip.readUInt32LE(at)
    const flags = signature === LOCAL_HEADER ? at + 6 : signature === DIRECTORY_HEADER ? at + 8 : undefined
    if (flags !== undefined) zip.writeUInt16LE(zip.readUInt16LE(flags) & ~UTF_8_FLAG, flags)
  }
}

/** Runs a tool of the system; its output if it succeeded. */
export function runTool(folder: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr + stdout}`)
  return stdout
}

/** Returns true if all of these tools are installed. */
export const haveTools = (...tools: readonly string[]): boolean =>
  tools.every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0)
