import { expect, test } from '@jest/globals'
import { RecordingLog } from '../support/recording-log.ts'

// The compiler is the check: `npm run check` fails if one of the expected errors does not occur.
test('a log call with a field named message or level does not compile, since winston would change the line', () => {
  const log = new RecordingLog()
  // @ts-expect-error winston appends a field `message` to the sentence
  log.warn('a fixed sentence', { code: 'INTERNAL', message: 'why' })
  // @ts-expect-error winston has its own field `level`
  log.warn('a fixed sentence', { level: 'error' })
  const gathered = { code: 'INTERNAL', message: 'why' }
  // @ts-expect-error fields that were gathered before are compared too
  log.warn('a fixed sentence', gathered)
  log.warn('a fixed sentence', { code: 'INTERNAL', reason: 'why' })
  expect(log.lines).toHaveLength(4)
})
