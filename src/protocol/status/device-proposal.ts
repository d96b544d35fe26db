import { z } from 'zod'

/** The proposal of a caller, by the standard's names, or by UID if the standard has no name. */
export const deviceProposalSchema = z.object({
  sopClasses: z.array(z.string()),
  /** Number of further classes that are not listed. */
  moreSopClasses: z.int().nonnegative(),
  transferSyntaxes: z.array(z.string()),
  implementationClassUid: z.string().nullable(),
  implementationVersionName: z.string().nullable(),
})
