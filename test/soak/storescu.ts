import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { runStorescu } from '../support/peers/storescu.ts'
import type { Version } from './account.ts'
import { prepare, type SendBatch } from './send-batch.ts'
import { PRIVATE_SOP_CLASS_UID, type Recipe } from './soak-instance.ts'

/** Which option makes storescu offer a syntax. Deflated is not among them: it would deflate again, to other bytes. */
const OPTIONS: Readonly<Record<string, string>> = {
  [TRANSFER_SYNTAX.ExplicitVRLittleEndian]: '-xe',
  [TRANSFER_SYNTAX.ImplicitVRLittleEndian]: '-xi',
  [TRANSFER_SYNTAX.ExplicitVRBigEndian]: '-xb',
  [TRANSFER_SYNTAX.JPEGLosslessSV1]: '-xs',
  [TRANSFER_SYNTAX.JPEGBaseline8Bit]: '-xy',
  [TRANSFER_SYNTAX.JPEG2000Lossless]: '-xv',
  [TRANSFER_SYNTAX.RLELossless]: '-xr',
  [TRANSFER_SYNTAX.MPEG4HP41]: '-xn',
}
const MOST_FILES = 10

/** Whether storescu sends all of them, and as they are. */
export function offersAll(batch: Iterable<Recipe>): boolean {
  return Array.from(batch).every(
    (it) => OPTIONS[it.transferSyntaxUid] !== undefined && it.sopClassUid !== PRIVATE_SOP_CLASS_UID,
  )
}

/**
 * DCMTK's SCU, with the first few of the batch that have one transfer syntax, since it offers one compressed syntax at a
 * time. It breaks off by being killed after its first answer, as a device that is switched off.
 */
export const sendWithStorescu: SendBatch = async ({ aeTitle }, batch, means, breaksOff) => {
  const folder = join(means.outbox, aeTitle)
  mkdirSync(folder, { recursive: true })
  try {
    const [first] = batch
    const syntax = first?.transferSyntaxUid ?? ''
    const files = new Map<string, { recipe: Recipe; version: Version }>()
    for (const recipe of batch) {
      if (recipe.transferSyntaxUid !== syntax || files.size === MOST_FILES) continue
      const { instance, version } = prepare(recipe, means)
      const path = join(folder, `${files.size}.dcm`)
      writeFileSync(path, Buffer.concat([encodePart10Header(instance), instance.dataSet]))
      files.set(path, { recipe, version })
    }
    const peer = ['-aet', aeTitle, '-aec', 'FERRY', '127.0.0.1', String(means.port)]
    const args = [OPTIONS[syntax] ?? '', ...peer, ...files.keys()]
    const exitCode = await runStorescu(args, (path, child) => {
      if (breaksOff) child.kill('SIGKILL')
      const stored = files.get(path)
      if (stored === undefined) return
      means.sent.acknowledged(stored.version)
      batch.delete(stored.recipe)
    })
    if (exitCode !== 0) throw new Error('storescu broke off')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
