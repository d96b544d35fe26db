import { Failure } from '../../platform/failure.ts'
import type { Manifest, ManifestInstance } from '../../protocol/manifest.ts'
import type { Receipt } from '../../protocol/receipt.ts'

const FIELDS = [
  'sopInstanceUid',
  'transferSyntaxUid',
  'dataSetBytes',
  'dataSetSha256',
  'sealedBytes',
  'sealedSha256',
] as const

/**
 * Compares a receipt, whose signature is valid, with its manifest, field by field. Throws RECEIPT_MISMATCH, which names
 * the first field that differs: such a receipt is an alarm, never a delivery.
 */
export function checkReceipt(
  receipt: Receipt,
  manifest: Manifest,
  manifestDigest: string,
  center: string,
): void {
  expectSame('center', receipt.center, center)
  expectSame('agent', receipt.agent, manifest.agent)
  expectSame('study', receipt.study, manifest.study)
  expectSame('version', receipt.version, manifest.version)
  expectSame('part', receipt.part, manifest.part)
  expectSame('number of parts', receipt.parts, manifest.parts)
  expectSame('manifest digest', receipt.manifest, manifestDigest)
  expectSame('number of instances', receipt.instances.length, manifest.instances.length)
  const receipted = new Map<string, ManifestInstance>(
    receipt.instances.map((instance) => [instance.ulid, instance]),
  )
  for (const instance of manifest.instances) {
    const answer = receipted.get(instance.ulid)
    if (answer === undefined) throw mismatch(`${instance.ulid} is not in it`)
    for (const field of FIELDS) expectSame(`${field} of ${instance.ulid}`, answer[field], instance[field])
  }
}

function expectSame(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw mismatch(`${what} is ${found}, our own record says ${expected}`)
}

function mismatch(found: string): Failure {
  return new Failure('RECEIPT_MISMATCH', `checking the center's receipt: ${found}`)
}
