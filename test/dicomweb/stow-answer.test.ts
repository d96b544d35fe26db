import { expect, test } from '@jest/globals'
import { failureReason } from '../../src/dicomweb/failure-reason.ts'
import { readStowAnswer, type StowResponse } from '../../src/dicomweb/stow-answer.ts'
import { stowModule } from '../support/peers/stow-stub.ts'

test('each instance has its own outcome', () => {
  const answer = read(202, stowModule(['1.2'], new Map([['1.3', 0xa700]])), ['1.2', '1.3', '1.4'])

  expect(answer).toEqual({
    kind: 'answered',
    outcomes: new Map<string, object>([
      ['1.2', { kind: 'stored', warning: undefined }],
      ['1.3', { kind: 'failed', reason: 0xa700 }],
    ]),
  })
})

test('an instance that is in both lists counts as failed', () => {
  const answer = read(202, stowModule(['1.2'], new Map([['1.2', 0x0110]])))
  expect(answer).toMatchObject({ outcomes: new Map([['1.2', { kind: 'failed', reason: 0x0110 }]]) })
})

test('a warning says that the instance is stored', () => {
  const item = { '00081155': { vr: 'UI', Value: ['1.2'] }, '00081196': { vr: 'US', Value: [0xb000] } }
  const body = JSON.stringify({ '00081199': { vr: 'SQ', Value: [item] } })
  expect(read(202, body)).toMatchObject({ outcomes: new Map([['1.2', { kind: 'stored', warning: 0xb000 }]]) })
})

test('a failure without a name is that of the only instance of the request, and of none of several', () => {
  const body = JSON.stringify({
    '0008119A': { vr: 'SQ', Value: [{ '00081197': { vr: 'US', Value: [43264] } }] },
  })
  expect(read(409, body)).toMatchObject({ outcomes: new Map([['1.2', { kind: 'failed', reason: 43264 }]]) })
  expect(read(409, body, ['1.2', '1.3'])).toMatchObject({ kind: 'unclear' })
  expect(read(200, body, ['1.2', '1.3'])).toMatchObject({ kind: 'unclear' })
})

test.each(['', ' ', '<NativeDicomModel/>', 'null', '[]', '{}', '{"00081199":{"vr":"SQ"}}', '{"00081199":7}'])(
  '200 and 201 with nothing more to say (%s) mean that all is stored; 202 and 204 do not',
  (body) => {
    for (const status of [200, 201])
      expect(read(status, body)).toMatchObject({ outcomes: new Map([['1.2', { kind: 'stored' }]]) })
    for (const status of [202, 203, 204, 207])
      expect(read(status, body)).toMatchObject({
        outcomes: new Map([
          ['1.2', { kind: 'unproved', found: expect.stringContaining(`answered ${status}`) }],
        ]),
      })
  },
)

test.each([201, 203, 204, 206, 207])('a module counts under the success %d as under 200', (status) => {
  const body = stowModule(['1.2'], new Map([['1.3', 0xc000]]))
  expect(read(status, body, ['1.2', '1.3'])).toMatchObject({
    outcomes: new Map<string, object>([
      ['1.2', { kind: 'stored' }],
      ['1.3', { kind: 'failed', reason: 0xc000 }],
    ]),
  })
})

test('an instance that 200 does not list among others, or that a failure lists as stored, must be proved by its copy', () => {
  expect(read(200, stowModule(['1.3']), ['1.2', '1.3'])).toMatchObject({
    outcomes: new Map<string, object>([
      ['1.3', { kind: 'stored' }],
      ['1.2', { kind: 'unproved' }],
    ]),
  })
  expect(read(200, stowModule(['1.3']))).toMatchObject({ outcomes: new Map([['1.2', { kind: 'unproved' }]]) })
  expect(read(409, stowModule(['1.2']))).toMatchObject({ outcomes: new Map([['1.2', { kind: 'unproved' }]]) })
  expect(read(200, `${stowModule(['1.2'])},`)).toMatchObject({
    outcomes: new Map([['1.2', { kind: 'unproved' }]]),
  })
})

test.each([
  [400, 'unclear', 'PACS_REFUSED'],
  [403, 'unclear', 'PACS_DENIED'],
  [409, 'unclear', 'PACS_REFUSED'],
  [413, 'unclear', 'PACS_REFUSED'],
  [415, 'unclear', 'PACS_REFUSED'],
  [500, 'unclear', 'PACS_UNREACHABLE'],
  [200, 'unavailable', 'PACS_ADDRESS'],
  [302, 'unavailable', 'PACS_ADDRESS'],
  [401, 'unavailable', 'PACS_DENIED'],
  [404, 'unavailable', 'PACS_ADDRESS'],
  [429, 'unavailable', 'PACS_UNREACHABLE'],
  [503, 'unavailable', 'PACS_UNREACHABLE'],
])('status %d with other words is %s (%s), and no word of the body is repeated', (status, kind, code) => {
  const answer = read(status, 'Doe^Jane is not known here')

  expect(answer).toMatchObject({ kind, failure: { code } })
  expect(JSON.stringify(answer)).not.toContain('Doe')
})

test('a module that lists nothing, under an error, is about the only instance of the request', () => {
  const body = '{"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}}'
  expect(read(400, body)).toMatchObject({ outcomes: new Map([['1.2', { kind: 'failed' }]]) })
  for (const answer of [read(400, body, ['1.2', '1.3']), read(400, '{}'), read(404, body)])
    expect(answer.kind).not.toBe('answered')
})

test('a module of failures counts under any status that can speak of one instance', () => {
  for (const status of [400, 403, 413, 415, 422, 500])
    expect(read(status, stowModule([], new Map([['1.2', 0x0110]])))).toMatchObject({ kind: 'answered' })
  for (const status of [301, 401, 429, 503])
    expect(read(status, stowModule([], new Map([['1.2', 0x0110]])))).toMatchObject({ kind: 'unavailable' })
})

test.each([
  [0xa701, 'later'],
  [0x0213, 'later'],
  [0x0111, 'there'],
  [45070, 'there'],
  [45071, 'soon'],
  [0xb000, 'there'],
  [43264, 'never'],
  [43265, 'never'],
  [0xc000, 'never'],
  [0xc122, 'never'],
  [0x0122, 'never'],
  [0x0110, 'perhaps'],
  [0, 'perhaps'],
  [0xffff, 'perhaps'],
  [undefined, 'perhaps'],
])('failure reason %d is cured %s', (code, remedy) => {
  expect(failureReason(code).remedy).toBe(remedy)
})

function read(status: number, body: string, asked: readonly string[] = ['1.2']) {
  const response: StowResponse = {
    status,
    contentType: 'application/dicom+json',
    location: undefined,
    retryAfterMs: undefined,
    body,
    isWhole: true,
  }
  return readStowAnswer(response, asked)
}
