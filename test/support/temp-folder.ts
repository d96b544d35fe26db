import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for one test, gone afterwards: `using folder = tempFolder()`. */
export function tempFolder(): Disposable & { path: string; join: (...names: string[]) => string } {
  const path = mkdtempSync(join(tmpdir(), 'ferry-'))
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true })
    },
  }
}
