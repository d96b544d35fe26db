import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask, PageRefusal } from './ask.ts'

export interface Asked<Answer> {
  /** The newest answer; stays while another one is asked for, so that nothing flickers. */
  readonly answer: Answer | undefined
  /** Why there is no newer one. */
  readonly refusal: PageRefusal | undefined
  /** Asks now. */
  readonly refresh: () => void
}

/** Asks for a view now and at intervals while the page is seen. */
export function useAnswer<Answer>(path: string, everyMs: number): Asked<Answer> {
  const [state, setState] = useState<{ answer?: Answer; refusal?: PageRefusal }>({})
  const again = useRef<() => void>(() => {})
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const once = async (): Promise<void> => {
      clearTimeout(timer)
      try {
        const answer = await ask<Answer>(path, stop.signal)
        if (!stop.signal.aborted) setState({ answer })
      } catch (error) {
        if (stop.signal.aborted) return
        const refusal = error instanceof PageRefusal ? error : new PageRefusal(0, '')
        setState((before) => (refusal.status === 0 ? { ...before, refusal } : { refusal }))
      }
      clearTimeout(timer)
      timer = setTimeout(() => void tick(), everyMs)
    }
    const tick = async (): Promise<void> => {
      if (document.hidden) timer = setTimeout(() => void tick(), everyMs)
      else await once()
    }
    again.current = () => void once()
    void once()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  const refresh = useCallback(() => again.current(), [])
  return { answer: state.answer, refusal: state.refusal, refresh }
}
