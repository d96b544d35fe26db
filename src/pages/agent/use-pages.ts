import { useEffect, useState } from 'preact/hooks'

/** Cursors of the pages of a list that are shown; another list begins at its first page. */
export function usePages(list: string): [cursors: readonly string[], add: (cursor: string) => void] {
  const [state, setState] = useState<{ list: string; cursors: readonly string[] }>({ list, cursors: [''] })
  useEffect(() => setState({ list, cursors: [''] }), [list])
  const cursors = state.list === list ? state.cursors : ['']
  return [cursors, (cursor) => setState({ list, cursors: [...cursors, cursor] })]
}
