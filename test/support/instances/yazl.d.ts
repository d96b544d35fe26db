declare module 'yazl' {
  interface EntryOptions {
    readonly compress?: boolean
    readonly forceZip64Format?: boolean
    readonly mtime?: Date
  }
  export class ZipFile {
    readonly outputStream: NodeJS.ReadableStream
    addBuffer(content: Buffer, name: string, options?: EntryOptions): void
    end(options?: { readonly forceZip64Format?: boolean }): void
  }
}
