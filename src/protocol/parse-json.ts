import type { z } from 'zod'
import { Failure, type FailureCode } from '../platform/failure.ts'

/**
 * Parses JSON from another program and checks it against its schema. The failure names the first wrong field and the
 * expected type, never its value.
 */
export function parseJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  code: FailureCode,
  attempted: string,
): z.infer<Schema> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Failure(code, `${attempted}: it is not JSON`, { cause: error })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new Failure(
    code,
    `${attempted}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'wrong'}`,
  )
}
