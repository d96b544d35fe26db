import { AGENT_STATUS, type BrokenThing } from './broken-thing.ts'
import { wallClockOff } from './play.ts'

const MINUTES_20 = 20 * 60

/** Clocks that are wrong. */
export const TIME_ROWS: readonly BrokenThing[] = [
  {
    broken: "the agent's clock is 20 minutes ahead",
    needs: ['faketime'],
    play: async (pair) => {
      await pair.startCenter()
      await pair.startAgent({ wrapper: wallClockOff(MINUTES_20) })
      await pair.sendStudy(1)
      await pair.confirmed(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /clock.*(?:19|20) min/, zh: /时钟.*(?:19|20) 分/ },
      cure: { en: /to do .*time synchronization/, zh: /处理办法 .*时间同步/ },
    },
  },
  {
    broken: "the center's clock is 20 minutes ahead",
    needs: ['faketime'],
    play: async (pair) => {
      await pair.startCenter({ wrapper: wallClockOff(MINUTES_20) })
      await pair.startAgent()
      await pair.sendStudy(1)
      await pair.confirmed(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /clock.*(?:19|20) min/, zh: /时钟.*(?:19|20) 分/ },
      // The clinic cannot know which of the two is wrong.
      cure: { en: /to do .*center/, zh: /处理办法 .*中心/ },
    },
  },
]
