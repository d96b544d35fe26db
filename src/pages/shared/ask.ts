/** An answer that is not a success, in words for a person. */
export class PageRefusal extends Error {
  readonly status: number

  /** `status` of HTTP; 0 = no answer at all. */
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const PATIENCE_MS = 15_000
const KEY = 'secret'

/**
 * Takes the secret of a session out of the address, where a link of `ferry open` has put it. Storage belongs to this port
 * alone, unlike a cookie (RFC 6265 §8.5).
 */
export function takeSecret(): void {
  const secret = /^#([\w-]{20,})$/.exec(location.hash)?.[1]
  if (secret === undefined) return
  localStorage.setItem(KEY, secret)
  history.replaceState(null, '', location.pathname + location.search)
}

/** Keeps the secret of a session that a sign-in has begun. */
export function keepSecret(secret: string): void {
  localStorage.setItem(KEY, secret)
}

export function forgetSecret(): void {
  localStorage.removeItem(KEY)
}

export const secretHeader = (): Record<string, string> => ({
  'x-ferry-secret': localStorage.getItem(KEY) ?? '',
})

/** Reads a view of the agent. Throws {@link PageRefusal}. */
export function ask<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return answered(path, signal, { headers: secretHeader() })
}

/** Asks the agent to do something. Throws {@link PageRefusal} with its reason. */
export function act<Answer = object>(path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...secretHeader() }
  return answered(path, undefined, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Sends a request of the page. Throws {@link PageRefusal}. */
export async function answered<Answer>(
  path: string,
  signal: AbortSignal | undefined,
  request: RequestInit,
): Promise<Answer> {
  const limit = AbortSignal.timeout(PATIENCE_MS)
  const response = await fetch(path, {
    ...request,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new PageRefusal(0, '')
  })
  const answer: Answer & { message?: string } = await response.json().catch(() => ({}))
  if (!response.ok) throw new PageRefusal(response.status, answer.message ?? response.statusText)
  return answer
}
