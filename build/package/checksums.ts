import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes SHA256SUMS of all packages and lists of a folder, for `sha256sum --check SHA256SUMS`. */
export function writeChecksums(folder: string): string {
  const names = globSync('*.{deb,rpm,tar.gz,exe,json}', { cwd: folder }).toSorted()
  const lines = names.map((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
    return `${digest}  ${name}\n`
  })
  const file = join(folder, 'SHA256SUMS')
  writeFileSync(file, lines.join(''))
  return file
}
