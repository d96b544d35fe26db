import { expect, test } from '@jest/globals'
import { signAccessToken } from '../../src/protocol/access-token.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

const MINUTE_MS = 60_000

test('anybody may ask whether the center is there', async () => {
  await using center = await RunningCenter.start()

  expect(await center.ask('GET', CENTER_PATHS.health)).toMatchObject({ status: 200, json: { status: 'ok' } })
})

test("the Date header is the center's own clock", async () => {
  const clock = new ManualClock(Date.UTC(2031, 4, 5))
  await using center = await RunningCenter.start({ clock })

  const answer = await center.ask('GET', CENTER_PATHS.health)

  expect(answer.headers.date).toBe('Mon, 05 May 2031 00:00:00 GMT')
})

test('a request without a token, or with one of nonsense, is refused', async () => {
  await using center = await RunningCenter.start()

  const answers = [
    await center.ask('GET', CENTER_PATHS.keys),
    await center.ask('GET', CENTER_PATHS.keys, { headers: { authorization: 'Bearer a.b.c' } }),
    await center.ask('GET', CENTER_PATHS.keys, { headers: { authorization: `Bearer ${'x'.repeat(5000)}` } }),
  ]

  for (const answer of answers)
    expect(answer).toMatchObject({ status: 401, json: { code: 'SIGNATURE_INVALID' } })
})

test('a token of a stranger, for another center, or changed on the way is refused', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const ask = (token: string) =>
    center.ask('GET', CENTER_PATHS.keys, { headers: { authorization: `Bearer ${token}` } })
  const good = agent.token()
  const [head, payload, signature] = good.split('.')
  const later = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { exp: number }
  const changed = Buffer.from(JSON.stringify({ ...later, exp: later.exp + 9 })).toString('base64url')

  expect((await ask(good)).status).toBe(200)
  const stranger = await ask(signAccessToken(newSigningKey(), center.made.center, Date.now()))
  expect(stranger).toMatchObject({ status: 401, json: { code: 'AGENT_UNKNOWN' } })
  const elsewhere = await ask(signAccessToken(agent.key, 'f'.repeat(64), Date.now()))
  expect(elsewhere).toMatchObject({ status: 401, json: { code: 'SIGNATURE_INVALID' } })
  const forged = await ask(`${head}.${changed}.${signature}`)
  expect(forged).toMatchObject({ status: 401, json: { code: 'SIGNATURE_INVALID' } })
})

test('a token ends, also one that was good before, and the refusal says that it is the time', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const agent = await center.enrol()
  const headers = { authorization: `Bearer ${agent.token()}` }
  expect((await center.ask('GET', CENTER_PATHS.keys, { headers })).status).toBe(200)

  clock.advance(10 * MINUTE_MS)
  expect((await center.ask('GET', CENTER_PATHS.keys, { headers })).status).toBe(200)
  clock.advance(1000)

  const late = await center.ask('GET', CENTER_PATHS.keys, { headers })
  expect(late).toMatchObject({ status: 401, json: { code: 'TOKEN_TIME' } })
})

test('a request for something that the center does not have is refused in JSON', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()

  for (const path of [
    '/',
    '/v1/packs/../keys',
    '/v1/packs/X',
    `${CENTER_PATHS.packs}/01J00000000000000000000000`,
  ]) {
    const answer = await agent.tus('PATCH', path, {
      headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': 0 },
    })
    expect(answer).toMatchObject({ status: 404, json: { code: 'PROTOCOL_VIOLATION' } })
  }
})

test('a body over its limit is refused, whether announced or not', async () => {
  await using center = await RunningCenter.start()
  const body = JSON.stringify({ token: 'x'.repeat(5000), signingKey: '', name: '' })

  const announced = await center.ask('POST', CENTER_PATHS.join, { body })
  const unannounced = await center.ask('POST', CENTER_PATHS.join, {
    body,
    headers: { 'transfer-encoding': 'chunked' },
  })

  expect([announced.status, unannounced.status]).toEqual([413, 413])
})

test('a request to join that is not as agreed is refused with the field that is wrong', async () => {
  await using center = await RunningCenter.start()

  const answer = await center.ask('POST', CENTER_PATHS.join, { body: '{"token":1}' })

  expect(answer).toMatchObject({ status: 400, json: { code: 'PROTOCOL_VIOLATION' } })
  expect(answer.text).toContain('token')
})

test('headers over their limit are refused', async () => {
  await using center = await RunningCenter.start()

  const answer = await center.ask('GET', CENTER_PATHS.health, { headers: { 'x-long': 'x'.repeat(20_000) } })

  expect(answer.status).toBe(431)
})
