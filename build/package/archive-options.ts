import type { Architecture } from './architecture.ts'
import type { PackagedProgram } from './programs.ts'

export type Compression = 'xz' | 'zstd' | 'gzip'

/** A staged tree, and the package to make of it. */
export interface ArchiveOptions {
  readonly program: PackagedProgram
  readonly architecture: Architecture
  readonly version: string
  readonly time: number
  /** A staged tree; Debian's own files are added to it. */
  readonly root: string
  /** xz for a release. Archives are always compressed by gzip, which every system has. */
  readonly compress: Compression
  /** The folder for the package. */
  readonly to: string
}
