import { readFileSync } from 'node:fs'
import { failureFrom } from '../../platform/failure.ts'
import { withPath } from '../../platform/path-trouble.ts'

/** A text file as people save it; `encoding` is set if it was not the expected one. */
interface SourceText {
  text: string
  encoding: 'utf-8' | 'gb18030'
}

/**
 * Reads UTF-8, with or without a byte order mark. Other bytes were most likely saved by a Chinese Notepad and are
 * read as GB18030 (which includes GBK and GB2312). Throws CONFIG_INVALID.
 */
export function readText(path: string): SourceText {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw failureFrom(withPath(error, path), 'CONFIG_INVALID', `reading the configuration ${path}`)
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    return { text: new TextDecoder('gb18030').decode(bytes), encoding: 'gb18030' }
  }
}
