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
 * Why a person wants to see full names. Codes, since free text could be a patient's name: the patient or a doctor asks for
 * the study; the center or the device's engineer asks; images may be of another patient; the set-up is being checked.
 */
export const NAMES_REASONS = ['asked', 'support', 'mixup', 'setup'] as const

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
