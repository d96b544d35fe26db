/** The part of yauzl that Ferry uses. */
declare module 'yauzl' {
  /** An entry of the central directory. */
  interface ZipEntry {
    readonly fileName: Buffer
    readonly extraFields: readonly { readonly id: number; readonly data: Buffer }[]
    readonly versionMadeBy: number
    readonly externalFileAttributes: number
    readonly compressionMethod: number
    readonly compressedSize: number
    readonly uncompressedSize: number
    readonly crc32: number
    isEncrypted(): boolean
  }

  interface ZipFile {
    readonly entryCount: number
    eachEntry(): AsyncIterable<ZipEntry>
    readLocalFileHeaderPromise(
      entry: ZipEntry,
      options: { minimal: true },
    ): Promise<{ readonly fileDataStart: number }>
  }

  class RandomAccessReader {
    read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: NodeJS.ErrnoException | null, bytesRead: number) => void,
    ): void
  }

  const yauzl: {
    RandomAccessReader: typeof RandomAccessReader
    fromRandomAccessReaderPromise(
      reader: RandomAccessReader,
      totalSize: number,
      options: { autoClose: false; decodeStrings: false },
    ): Promise<ZipFile>
    validateFileName(name: string): string | null
  }
  export default yauzl
  export type { ZipEntry, ZipFile }
}
