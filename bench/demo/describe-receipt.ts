import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { shortFingerprint } from '../../src/protocol/signing-key.ts'

const evidenceSchema = z.object({ receipt: z.string() })

/** What the demo says of a receipt; whether it is genuine, the agent has checked before it counted anything as confirmed. */
const receiptSchema = z.object({
  center: z.string(),
  study: z.string(),
  version: z.number(),
  receiptedAt: z.string(),
  instances: z.array(z.object({ dataSetBytes: z.number(), dataSetSha256: z.string(), pacs: z.string() })),
})

/** The receipt in a file of evidence, in sentences. */
export async function describeReceipt(path: string): Promise<string[]> {
  const { receipt: jws } = evidenceSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')
  const { center, study, version, receiptedAt, instances } = receiptSchema.parse(JSON.parse(payload))
  const bytes = instances.reduce((sum, { dataSetBytes }) => sum + dataSetBytes, 0)
  const [first] = instances
  return [
    `On ${receiptedAt} the center ${shortFingerprint(center)} signed (EdDSA, JWS) that of study`,
    `${study}, manifest ${version}, it has stored ${instances.length} instances,`,
    `${(bytes / 1e6).toFixed(0)} MB, durably, and that each has the length and SHA-256 that the agent took at arrival.`,
    `The first one's SHA-256: ${first?.dataSetSha256 ?? ''}`,
    `Handed on to a PACS: ${first?.pacs === 'none' ? 'no, this center has none' : (first?.pacs ?? '')}.`,
  ]
}
