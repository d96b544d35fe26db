import { useCallback, useRef, useState } from 'preact/hooks'

const TOLD_MS = 12_000

/** The result of the last action, which is shown for a while. */
export function useTold() {
  const [told, setTold] = useState<{ text: string; isBad: boolean }>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const tell = useCallback((text: string, isBad = false) => {
    clearTimeout(timer.current)
    setTold({ text, isBad })
    timer.current = setTimeout(() => setTold(undefined), TOLD_MS)
  }, [])
  return [told, tell] as const
}
