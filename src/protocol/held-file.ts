import { z } from 'zod'
import { type Finding, isFinding } from '../dicom/check/check-findings.ts'

/**
 * The file next to a spool file that forbids sending it (docs/queue-states.md): why a check holds the instance, its
 * findings, and since when. It contains names of findings, never a value of the data set.
 */
interface HeldFile {
  readonly reason: string
  readonly findings: readonly Finding[]
  /** Ms since 1970. */
  readonly since: number
}

const schema = z.object({
  format: z.literal('ferry-held/1'),
  code: z.literal('CHECK_HELD'),
  reason: z.string().max(2000),
  findings: z.array(z.string()).max(1000),
  since: z.iso.datetime(),
})

export function encodeHeldFile({ reason, findings, since }: HeldFile): string {
  const file: z.infer<typeof schema> = {
    format: 'ferry-held/1',
    code: 'CHECK_HELD',
    reason,
    findings: [...findings],
    since: new Date(since).toISOString(),
  }
  return `${JSON.stringify(file)}\n`
}

/** Returns undefined for anything that is not such a file; its existence alone forbids sending. */
export function parseHeldFile(text: string): HeldFile | undefined {
  try {
    const { reason, findings, since } = schema.parse(JSON.parse(text))
    // A later version may know other findings.
    return { reason, findings: findings.filter(isFinding), since: Date.parse(since) }
  } catch {
    return undefined
  }
}
