import { z } from 'zod'

/** Text by which a person recognizes a study. `isGuess`: its character set is missing or wrong, and the bytes decided. */
const displayTextSchema = z.object({ text: z.string(), isGuess: z.boolean() })
export const displaySchema = z.object({
  patientName: displayTextSchema.exactOptional(),
  patientId: displayTextSchema.exactOptional(),
  accessionNumber: displayTextSchema.exactOptional(),
  studyDescription: displayTextSchema.exactOptional(),
  studyDate: displayTextSchema.exactOptional(),
  modality: displayTextSchema.exactOptional(),
})
/**
 * The kind of key under which names are kept, or the reason why they are not: no-credential, bad-credential (not 32
 * bytes, or unreadable), unsupported (on this operating system no key can come from outside the disk).
 */
export const displayNamesSchema = z.enum([
  'credential',
  'local-key',
  'off',
  'no-credential',
  'bad-credential',
  'unsupported',
])
export type DisplayNamesState = z.infer<typeof displayNamesSchema>
/** Null: none was kept, or it was removed with the study's files. 'lost': the key that sealed it is gone. */
export const displayedSchema = displaySchema.or(z.literal('lost')).nullable()
export type DisplayView = z.infer<typeof displayedSchema>
