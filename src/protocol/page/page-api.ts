import { z } from 'zod'
import { NAMES_REASONS } from '../display-api.ts'

/** A caller that a person on the page approves, perhaps under a name, or ignores. */
export const pageCallerSchema = z.object({
  aeTitle: z.string().min(1),
  address: z.string().min(1),
  name: z.string().max(64).default(''),
})

/** All studies, or one. */
export const pageStudySchema = z.object({ study: z.string().min(1).optional() })

/** Names of what may be released. */
export const pageReleaseShape = {
  ulid: z.string().min(1).optional(),
  studyInstanceUid: z.string().min(1).optional(),
}

/** One held instance, or all of a study that a check holds. */
export const pageReleaseSchema = z
  .strictObject({ ulid: z.string().min(1) })
  .or(z.strictObject({ studyInstanceUid: z.string().min(1) }))

/** The patient of a file: an order, or facts by the names of docs/folders.md. */
export const pageAssignSchema = z.object({
  file: z.string().min(1),
  order: z.string().min(1).max(300).optional(),
  facts: z.partialRecord(
    z.enum(['accessionNumber', 'patientId', 'patientName', 'birthDate', 'sex']),
    z.string().min(1).max(300),
  ),
})

export const pageSourceSchema = z.object({ source: z.string() })

/** Why full names are wanted, and of which study. */
export const pageNamesSchema = z.object({
  study: z.string().min(1).optional(),
  reason: z.enum(NAMES_REASONS),
})

/** A device by its name in the configuration. */
export const pageDeviceSchema = z.object({ name: z.string().min(1) })

/** A join code as typed on the page, and the name of the site. */
export const pageJoinSchema = z.object({
  code: z.string(),
  name: z.string().trim().min(1).max(100),
})

/** An import that the page has begun. */
export const pageImportSchema = z.object({ import: z.string() })

/** Some of the files that were dropped on the page; `path` as the browser names it. */
export const pageFilesSchema = pageImportSchema.extend({
  files: z.array(z.object({ path: z.string().min(1).max(4096), size: z.int().nonnegative() })).max(1000),
})
