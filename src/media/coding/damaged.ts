import { Failure } from '../../platform/failure.ts'

/** The failure of a file that ends too early, or whose structure contradicts itself. */
export function damaged(what: string, found: string): Failure {
  return new Failure('MEDIA_DAMAGED', `reading ${what}: ${found}`)
}
