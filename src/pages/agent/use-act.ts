import { act } from '../shared/ask.ts'
import { usePage } from '../shared/page-context.ts'

/** Answers of actions; each action has its own part of these. */
interface Done {
  readonly retried: number
  readonly studies: number
  readonly words: string
}

/** Returns a function that asks the agent to do something and says what became of it. */
export function useAct() {
  const { say, language, tell } = usePage()
  return async (
    action: string,
    body: object,
    done: (answer: Done) => string,
    then: () => void = () => {},
  ): Promise<void> => {
    try {
      tell(done(await act<Done>(`/api/act/${action}?lang=${language}`, body)))
    } catch (error) {
      tell(error instanceof Error && error.message !== '' ? error.message : say('page.noAnswer'), true)
    }
    then()
  }
}
