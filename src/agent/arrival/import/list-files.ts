import { dirname } from 'node:path'
import { findFiles } from './find-files.ts'
import { type ImportFile, openFound } from './import-file.ts'
import { lastPart } from './path-parts.ts'
import { isDirectoryName } from './read-instance-file.ts'

/**
 * Lists the files of paths on this machine, and of the folders among them. Links in folders are not followed: what is on
 * a disc must not choose files of this machine. A path of a DICOMDIR means its whole medium.
 */
export function listFiles(paths: readonly string[]): ImportFile[] {
  const wanted = paths.map((path) => (isDirectoryName(lastPart(path)) ? dirname(path) : path))
  return findFiles(wanted, 'leave').map((found) => ({
    path: found.path,
    isNamed: found.isNamed,
    ...(found.problem !== undefined && { problem: found.problem }),
    open: () => openFound(found),
  }))
}
