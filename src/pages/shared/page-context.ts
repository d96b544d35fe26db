import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Words } from './words.ts'

/** Tools of every part of a page. */
export interface PageState extends Words {
  /** This browser came by a link of `ferry open`. */
  readonly mayAct: boolean
  /** Shows the result of an action at the foot of the page, and tells it to a screen reader. */
  readonly tell: (text: string, isBad?: boolean) => void
}

export const PageContext = createContext<PageState>({
  language: 'zh',
  say: (phrase) => phrase,
  mayAct: false,
  tell: () => {},
})

export const usePage = (): PageState => useContext(PageContext)
