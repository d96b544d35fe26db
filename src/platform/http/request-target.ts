import { Failure } from '../failure.ts'

/** The target of a request, as sent: nothing is decoded and no `..` is resolved. */
export interface RequestTarget {
  readonly path: string
  readonly query: URLSearchParams
}

/** The characters of a path and of a query (RFC 3986 §3.3 and §3.4). A path does not begin with `//`. */
const ORIGIN_FORM = /^(\/(?!\/)[\w\-.~!$&'()*+,;=:@%/]*)(?:\?([\w\-.~!$&'()*+,;=:@%/?]*))?$/

/**
 * Splits a target in origin-form (RFC 9112 §3.2.1). Throws PROTOCOL_VIOLATION for every other form, for characters that
 * no URL has, and for percent-encoding that is not UTF-8: each segment of the path can be decoded without an error.
 */
export function parseRequestTarget(target: string | undefined): RequestTarget {
  const [, path, query] = ORIGIN_FORM.exec(target ?? '') ?? []
  if (path === undefined || !isDecodable(target ?? '')) {
    throw new Failure('PROTOCOL_VIOLATION', 'reading a request: its target is not a path')
  }
  return { path, query: new URLSearchParams(query) }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
