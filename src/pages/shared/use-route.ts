import { useEffect, useState } from 'preact/hooks'

/** A view of the page and its settings; kept in the fragment of the address, so that it can be marked and gone back to. */
interface Route {
  readonly view: string
  /** Names what the view is about, such as one study. */
  readonly subject: string | undefined
  readonly query: URLSearchParams
}

export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute)
  useEffect(() => {
    const changed = (): void => setRoute(readRoute())
    addEventListener('hashchange', changed)
    // The address may have changed between the first drawing and now.
    changed()
    return () => removeEventListener('hashchange', changed)
  }, [])
  return route
}

/** The address of a view; empty values are left out. */
export function routeTo(
  view: string,
  query: Readonly<Record<string, string>> = {},
  subject?: string,
): string {
  const set = Object.entries(query).filter(([, value]) => value !== '')
  const place = subject === undefined ? view : `${view}/${encodeURIComponent(subject)}`
  return set.length === 0 ? `#/${place}` : `#/${place}?${new URLSearchParams(set).toString()}`
}

function readRoute(): Route {
  const [, view = '', subject, query = ''] =
    /^#\/([a-z-]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(location.hash) ?? []
  return {
    view,
    subject: subject === undefined || subject === '' ? undefined : decoded(subject),
    query: new URLSearchParams(query),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
