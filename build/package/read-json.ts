import { readFileSync } from 'node:fs'
import type { z } from 'zod'

/** Reads a JSON file of a known shape; throws an error with the path if it has another one. */
export function readJson<Shape>(path: string, shape: z.ZodType<Shape>): Shape {
  const result = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (result.success) return result.data
  throw new Error(`${path}: ${result.error.message}`)
}
