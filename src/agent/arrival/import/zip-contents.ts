import { callbackify } from 'node:util'
import { crc32 } from 'node:zlib'
import yauzl, { type ZipEntry, type ZipFile } from 'yauzl'
import type { ByteSource } from '../../../media/byte-source.ts'
import { decodeFileName } from './file-name.ts'
import { FileProblem, fileProblem } from './file-problem.ts'
import type { ImportFile } from './import-file.ts'
import { ZipEntrySource } from './zip-entry-source.ts'
import { ZipBudget, type ZipLimits } from './zip-limits.ts'

/** The files in a zip file, in the order of its central directory. */
interface ZipContents {
  readonly files: readonly ImportFile[]
  /** Set if the central directory is damaged or longer than allowed; the files before are listed. */
  readonly problem?: FileProblem
}

/**
 * Lists the files of a zip file. `source` must stay open while they are read. Names without a declared encoding are UTF-8
 * or GB18030. Throws {@link FileProblem} if there is no list, and errors of the source.
 */
export async function openZip(source: ByteSource, path: string, limits: ZipLimits): Promise<ZipContents> {
  const reader = new SourceReader(source)
  const zip = await openDirectory(reader, source.size)
  const budget = new ZipBudget(source.size, limits)
  const files: ImportFile[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      if (files.length === limits.zipEntries)
        return { files, problem: new FileProblem('zipEntries', String(limits.zipEntries)) }
      const file = fileOf(entry, path, { zip, source, budget })
      if (file !== undefined) files.push(file)
    }
  } catch (error) {
    return { files, problem: directoryProblem(reader.failure ?? error) }
  }
  return { files }
}

async function openDirectory(reader: SourceReader, size: number): Promise<ZipFile> {
  try {
    return await yauzl.fromRandomAccessReaderPromise(reader, size, { autoClose: false, decodeStrings: false })
  } catch (error) {
    throw directoryProblem(reader.failure ?? error)
  }
}

function directoryProblem(error: unknown): FileProblem {
  if (error instanceof SourceError) return fileProblem(error.cause)
  const words = Error.isError(error) ? error.message : ''
  if (words.startsWith('multi-disk')) return new FileProblem('zipSplit')
  if (words.startsWith('strong encryption')) return new FileProblem('zipEncrypted')
  return new FileProblem('zipDamaged', '', { cause: error })
}

interface Opened {
  readonly zip: ZipFile
  readonly source: ByteSource
  readonly budget: ZipBudget
}

/** Undefined for a folder. */
function fileOf(entry: ZipEntry, zipPath: string, { zip, source, budget }: Opened): ImportFile | undefined {
  const name = nameOf(entry)
  if (name.endsWith('/')) return undefined
  const problem = problemOf(entry, name)
  return {
    path: `${zipPath}/${name}`,
    isNamed: false,
    ...(problem !== undefined && { problem }),
    open: async () => {
      budget.spend(entry, entry.uncompressedSize)
      const { fileDataStart } = await startOf(zip, entry)
      return new ZipEntrySource(source, entry, fileDataStart)
    },
  }
}

async function startOf(zip: ZipFile, entry: ZipEntry): Promise<{ readonly fileDataStart: number }> {
  try {
    return await zip.readLocalFileHeaderPromise(entry, { minimal: true })
  } catch (error) {
    throw new FileProblem('zipDamaged', '', { cause: error })
  }
}

const STORED = 0
const DEFLATED = 8
const METHODS: Readonly<Record<number, string>> = {
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
  98: 'PPMd',
}

function problemOf(entry: ZipEntry, name: string): FileProblem | undefined {
  const { compressionMethod: method } = entry
  if (yauzl.validateFileName(name) !== null) return new FileProblem('zipName')
  if (entry.isEncrypted()) return new FileProblem('zipEncrypted')
  if (isLink(entry)) return new FileProblem('linkLeft')
  if (method === STORED || method === DEFLATED) return undefined
  return new FileProblem('zipMethod', METHODS[method] ?? String(method))
}

const MADE_BY_UNIX = 3
const FILE_TYPE = 0o170_000
const LINK = 0o120_000

const isLink = ({ versionMadeBy, externalFileAttributes }: ZipEntry): boolean =>
  versionMadeBy >>> 8 === MADE_BY_UNIX && ((externalFileAttributes >>> 16) & FILE_TYPE) === LINK

/** Info-ZIP Unicode Path Extra Field: version 1, CRC-32 of the name in the header, the name in UTF-8. */
const UNICODE_PATH = 0x7075
const UNICODE_PATH_HEAD_BYTES = 5

function nameOf({ fileName, extraFields }: ZipEntry): string {
  const unicode = extraFields.find(
    ({ id, data }) =>
      id === UNICODE_PATH &&
      data.length > UNICODE_PATH_HEAD_BYTES &&
      data[0] === 1 &&
      data.readUInt32LE(1) === crc32(fileName),
  )
  const bytes = unicode?.data.subarray(UNICODE_PATH_HEAD_BYTES) ?? fileName
  // Decoded first: the second byte of a GB18030 character may be that of a backslash.
  return decodeFileName(bytes).replaceAll('\\', '/')
}

class SourceError extends Error {}

/** Lets yauzl read a source. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource
  /** The first error of the source: it is not the zip file's. */
  failure: SourceError | undefined

  constructor(source: ByteSource) {
    super()
    this.#source = source
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: NodeJS.ErrnoException | null, bytesRead: number) => void,
  ): void {
    callbackify(() => this.#fill(buffer, offset, length, position))(callback)
  }

  async #fill(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    try {
      return (await this.#source.read(position, length)).copy(buffer, offset)
    } catch (error) {
      this.failure ??= new SourceError('reading the zip file', { cause: error })
      throw this.failure
    }
  }
}
