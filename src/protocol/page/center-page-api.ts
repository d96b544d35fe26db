import { z } from 'zod'

/** A viewer looks, an operator also decides about images and alarms, an admin also about agents and accounts. */
export type Role = 'viewer' | 'operator' | 'admin'

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** POST /api/sign-in. */
export const signInSchema = z.object({ name: z.string().max(64), password: z.string().max(1000) })

/** POST /api/password. */
export const passwordChangeSchema = z.object({ old: z.string().max(1000), chosen: z.string().max(1000) })

/** POST /api/act/ACTION; `subject`: a fingerprint or the UID of a study. */
export const pageActionSchema = z.object({ subject: z.string().max(200) })
