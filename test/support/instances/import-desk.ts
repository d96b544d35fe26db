import { createHash } from 'node:crypto'
import { FileImport, type ImportDesk } from '../../../src/agent/arrival/import/file-import.ts'
import type { ImportOutcome } from '../../../src/agent/arrival/import/import-outcome.ts'
import { listFiles } from '../../../src/agent/arrival/import/list-files.ts'
import { importSchema } from '../../../src/config/import-settings.ts'
import type { FiledInstance } from '../../../src/dicom/file/read-instance.ts'
import type { ImportedView } from '../../../src/protocol/control-api.ts'

/** Takes every instance, and knows a digest that it has taken. */
export class TakingDesk implements ImportDesk {
  /** SHA-256 of the data sets that were taken, in their order. */
  readonly digests: string[] = []

  async take(_: FiledInstance, dataSet: () => AsyncIterable<Buffer>): Promise<ImportedView> {
    const hash = createHash('sha256')
    for await (const piece of dataSet()) hash.update(piece)
    const digest = hash.digest('hex')
    const isKnown = this.digests.includes(digest)
    if (!isKnown) this.digests.push(digest)
    return { status: 0, isKnown, isHeld: false, findings: [], code: null, reason: null }
  }
}

/** Imports paths and returns the fate of each file as `kind reason`, by its path below `folder`. */
export async function importAll(
  folder: string,
  paths: readonly string[],
  { desk = new TakingDesk(), limits = {} }: { desk?: ImportDesk; limits?: object } = {},
): Promise<{ outcomes: ImportOutcome[]; fates: Record<string, string> }> {
  const run = new FileImport(desk, importSchema.parse(limits))
  const files = listFiles(paths.map((path) => `${folder}/${path}`))
  const outcomes = await Array.fromAsync(run.run(files))
  const fates = outcomes.map(
    ({ path, kind, problem, isUnlisted }) =>
      [
        path.slice(folder.length + 1),
        [kind, problem?.reason, isUnlisted && 'unlisted'].filter(Boolean).join(' '),
      ] as const,
  )
  if (run.total !== outcomes.length)
    throw new Error(`the import counted ${run.total} files and told of ${outcomes.length}`)
  return { outcomes, fates: Object.fromEntries(fates) }
}
