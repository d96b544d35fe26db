import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { WrapFacts, WrapHandling } from '../../../src/agent/arrival/wrap/wrap-facts.ts'
import { wrapFile } from '../../../src/agent/arrival/wrap/wrap-file.ts'
import type { WrapFinding } from '../../../src/agent/arrival/wrap/wrap-finding.ts'
import { DataSetCheck } from '../../../src/dicom/check/check-data-set.ts'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { recognize } from '../../../src/media/recognize.ts'
import { tempFolder } from '../temp-folder.ts'
import { memorySource } from './memory-source.ts'
import { someFacts } from './some-facts.ts'

/** An instance with its data set in memory. */
interface WrappedBytes {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
  /** The DICOM file. */
  readonly file: Buffer
}

/** Wraps a file as a watched folder does, with facts of an invented patient. */
export async function wrapBytes(
  bytes: Buffer,
  handling: Partial<WrapHandling> = {},
  change: Partial<WrapFacts> = {},
): Promise<{ instances: WrappedBytes[]; findings: readonly WrapFinding[] }> {
  const source = memorySource(bytes)
  const kind = await recognize(source)
  if (kind === undefined) throw new Error('a file of no known kind')
  const facts = someFacts({ sha256: sha256(bytes), ...change })
  const wrapped = await wrapFile(source, kind, { ...facts, handling: { ...facts.handling, ...handling } })
  const instances: WrappedBytes[] = []
  for (const instance of wrapped.instances) {
    const dataSet = await gather(instance.dataSet())
    instances.push({ ...instance, dataSet, file: Buffer.concat([encodePart10Header(instance), dataSet]) })
  }
  return { instances, findings: wrapped.findings }
}

async function gather(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The findings of Ferry's own check, the fragments included. */
export function ownFindings({ transferSyntaxUid, dataSet }: WrappedBytes): string[] {
  const check = new DataSetCheck(transferSyntaxUid)
  check.push(dataSet)
  return check.finish()
}

/**
 * The errors that dciodvfy of dicom3tools finds. `label` replaces the transfer syntax of the copy that it reads: it does not
 * know the newer ones of video.
 */
export function dciodvfyErrors(instance: WrappedBytes, label = instance.transferSyntaxUid): string[] {
  using folder = tempFolder()
  const copy = { ...instance, transferSyntaxUid: label }
  writeFileSync(folder.join('copy.dcm'), Buffer.concat([encodePart10Header(copy), instance.dataSet]))
  const { stderr } = spawnSync('dciodvfy', [folder.join('copy.dcm')], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return stderr.split('\n').filter((line) => line.startsWith('Error'))
}
