import { expect, test } from '@jest/globals'
import { failureReason } from '../../src/dicomweb/failure-reason.ts'
import { readStowAnswer } from '../../src/dicomweb/stow-answer.ts'
import { stowModule } from '../support/stow-stub.ts'

test('each instance has its own outcome', () => {
  const answer = readStowAnswer(202, stowModule(['1.2'], new Map([['1.3', 0xa700]])), ['1.2', '1.3', '1.4'])

  expect(answer).toEqual({
    kind: 'answered',
    outcomes: new Map<string, object>([
      ['1.2', { stored: true }],
      ['1.3', { stored: false, reason: 0xa700 }],
    ]),
  })
})

test('an instance that stands in both lists counts as failed', () => {
  const answer = readStowAnswer(202, stowModule(['1.2'], new Map([['1.2', 0x0110]])), ['1.2'])

  expect(answer).toMatchObject({ outcomes: new Map([['1.2', { stored: false, reason: 0x0110 }]]) })
})

test.each(['', '<NativeDicomModel/>', 'null', '[]', '{"00081199":{"vr":"SQ"}}', '{"00081199":7}'])(
  '200 with a body of no use (%s) means what 200 means: all is stored',
  (body) => {
    expect(readStowAnswer(200, body, ['1.2'])).toEqual({
      kind: 'answered',
      outcomes: new Map([['1.2', { stored: true }]]),
    })
  },
)

test.each([
  [202, 'refused', 'PACS_REFUSED'],
  [409, 'refused', 'PACS_REFUSED'],
  [400, 'refused', 'PACS_REFUSED'],
  [413, 'refused', 'PACS_REFUSED'],
  [500, 'refused', 'PACS_UNREACHABLE'],
  [401, 'unavailable', 'PACS_REFUSED'],
  [404, 'unavailable', 'PACS_REFUSED'],
  [429, 'unavailable', 'PACS_UNREACHABLE'],
  [503, 'unavailable', 'PACS_UNREACHABLE'],
])(
  'status %d without a module: the request is %s (%s), and no word of the body is repeated',
  (status, kind, code) => {
    const answer = readStowAnswer(status, 'Doe^Jane is not known here', ['1.2'])

    expect(answer).toMatchObject({ kind, failure: { code } })
    expect(JSON.stringify(answer)).not.toContain('Doe')
  },
)

test.each([
  [0xa701, 'later'],
  [0x0111, 'there'],
  [0xa900, 'never'],
  [0xc000, 'never'],
  [0xc122, 'never'],
  [0x0122, 'never'],
  [0, 'never'],
])('failure reason %d is cured %s', (code, remedy) => {
  expect(failureReason(code).remedy).toBe(remedy)
})
