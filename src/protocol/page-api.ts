import { z } from 'zod'

/** A caller that a person on the page approves, perhaps under a name, or ignores. */
export const pageCallerSchema = z.object({
  aeTitle: z.string().min(1),
  address: z.string().min(1),
  name: z.string().max(64).default(''),
})

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
