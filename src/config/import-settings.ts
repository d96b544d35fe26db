import { z } from 'zod'
import * as setting from './setting/setting.ts'

/** Limits for each zip file of an import: a small one can claim to contain more than any disk holds. */
export interface ImportSettings {
  readonly zipEntries: number
  /** Unpacked bytes. */
  readonly zipBytes: number
  /** Unpacked bytes for each byte of the zip file. */
  readonly zipRatio: number
}

export const importSchema = z
  .strictObject({
    zipEntries: setting.count('Largest number of files in one zip file', 1, 10_000_000).prefault('100000'),
    zipBytes: setting
      .size('Largest unpacked size of the content of one zip file', '1MiB', '100TiB')
      .prefault('1TiB'),
    zipRatio: setting
      .count(
        'Largest multiple of its size that a zip file may unpack to; 256 MiB are always allowed',
        1,
        10_000,
      )
      .prefault('200'),
  })
  .transform((limits): ImportSettings => limits)
  .describe('Limits for zip files of an import')
