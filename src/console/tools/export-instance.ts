import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeDurably } from '../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import {
  type Envelope,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../protocol/spool-file.ts'

/** More than the longest envelope (docs/protocol.md). */
const HEAD_BYTES = 66_000
const PIECE_BYTES = 1024 * 1024

/** Where the sealed bytes of an instance lie; without `bytes`, up to the end of the file. */
interface InstancePlace {
  readonly path: string
  readonly offset: number
  readonly bytes?: number
}

interface ExportedInstance {
  readonly agePath: string
  readonly aboutPath: string
}

/**
 * Takes the age file out of a sealed instance, which is a Part 10 file once a key opens it, and writes it and the
 * clear text around it to a folder, under names made of its ULID. Neither may exist already. Throws SPOOL_FILE_DAMAGED
 * if the bytes are not those that were sealed.
 */
export async function exportInstance(
  place: InstancePlace,
  folder: string,
  about: object,
): Promise<ExportedInstance> {
  const { path: spoolFile, offset } = place
  await using handle = await open(spoolFile, 'r').catch((error: unknown) => {
    throw storageFailure(error, `reading ${spoolFile}`)
  })
  const size = place.bytes ?? (await handle.stat()).size - offset
  const file: OpenFile = { handle, offset }
  const head = await readAt(file, 0, Math.min(HEAD_BYTES, size))
  const trailer = parseTrailer(await readAt(file, size - TRAILER_BYTES, TRAILER_BYTES), size)
  const parsed = parseEnvelope(head)
  if (parsed === undefined)
    throw new Failure('SPOOL_FILE_INVALID', `reading ${spoolFile}: its envelope is cut off`)
  const { envelope, bytesRead } = parsed
  const agePath = join(folder, `${envelope.ulid}.age`)
  const aboutPath = join(folder, `${envelope.ulid}.json`)
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw storageFailure(error, `making ${folder}`)
  })
  try {
    await copySealed(file, bytesRead, trailer, agePath)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') await unlink(agePath).catch(() => {})
    throw storageFailure(error, `copying to ${agePath}`)
  }
  await writeDurably(aboutPath, `${JSON.stringify(aboutOf(envelope, trailer, about), null, 2)}\n`)
  return { agePath, aboutPath }
}

/** A file in which an instance begins at `offset`. */
interface OpenFile {
  readonly handle: FileHandle
  readonly offset: number
}

async function copySealed(file: OpenFile, ageOffset: number, trailer: Trailer, path: string): Promise<void> {
  const digest = createHash('sha256').update(await readAt(file, 0, ageOffset))
  await using target = await open(path, 'wx', 0o600)
  for (let at = ageOffset; at < trailer.sealedBytes; at += PIECE_BYTES) {
    const piece = await readAt(file, at, Math.min(PIECE_BYTES, trailer.sealedBytes - at))
    digest.update(piece)
    await target.writeFile(piece)
  }
  await target.datasync()
  await syncFolder(join(path, '..'))
  if (digest.digest('hex') !== trailer.sealedSha256)
    throw new Failure('SPOOL_FILE_DAMAGED', `copying to ${path}: the bytes are not those that were sealed`)
}

async function readAt(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const at = file.offset + Math.max(0, position)
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

function aboutOf(envelope: Envelope, trailer: Trailer, about: object): object {
  return {
    format: 'ferry-quarantine/1',
    envelope,
    trailer,
    ...about,
    opening:
      'age --decrypt -i KEYFILE (a key of the imaging center, or its recovery key) gives a DICOM Part 10 file',
  }
}
