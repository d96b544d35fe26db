import { useEffect, useState } from 'preact/hooks'
import { type Words, wordsIn } from './words.ts'

const AGAIN_MS = 3000

/** Loads the phrases of a language; undefined until the first ones are there. */
export function useWords(language: Words['language']): Words | undefined {
  const [words, setWords] = useState<Words>()
  useEffect(() => {
    let isWanted = true
    const load = (): void =>
      void wordsIn(language).then(
        (loaded) => isWanted && setWords(loaded),
        () => isWanted && setTimeout(load, AGAIN_MS),
      )
    load()
    return () => {
      isWanted = false
    }
  }, [language])
  return words
}
