import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from '@jest/globals'
import { introduceCenter } from '../../src/agent/send/introduce-center.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { signAccessToken } from '../../src/protocol/access-token.ts'
import { agentAnswerSchema, CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { verifyKeyList } from '../../src/protocol/key-list.ts'
import { newSigningKey, shortFingerprint } from '../../src/protocol/signing-key.ts'
import { EnrolledAgent, pinOf, RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

const DAY_MS = 24 * 3600 * 1000

const pinAt = async (center: RunningCenter): Promise<string> => {
  const socket = connect({ host: '127.0.0.1', port: center.port, rejectUnauthorized: false })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  const pin = pinOf(socket)
  socket.destroy()
  return pin
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` })

test('a clinic joins by its code, waits, and has the keys once its fingerprint is approved', async () => {
  await using center = await RunningCenter.start()
  const code = await center.invite('North Street CHC')
  const key = newSigningKey()
  const agent = new EnrolledAgent(center, key)

  const waiting = await center.join(key, code.token)
  await center.desk.approve(shortFingerprint(key.kid))
  const approved = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)

  expect(waiting).toMatchObject({ status: 200, json: { state: 'pending', name: 'North Street CHC' } })
  expect(approved).toMatchObject({ state: 'approved', name: 'North Street CHC' })
  const list = verifyKeyList(approved.keys ?? { rootKey: '', jws: '' }, center.made.center)
  expect(list).toMatchObject({ centerName: 'District center', tlsPins: [await pinAt(center)] })
  expect(list.seal.map((one) => one.role)).toEqual(['center', 'recovery'])
})

test('a join code leads to the keys of the center that has the key it names, over TLS 1.3 and nothing older', async () => {
  await using center = await RunningCenter.start()
  const code = { ...(await center.invite('a')), url: center.url }
  const at = { host: '127.0.0.1', port: center.port, rejectUnauthorized: false }

  const { keys, tlsPin } = await introduceCenter(code, systemClock)
  expect(keys).toMatchObject({ center: center.made.center, centerName: 'District center' })

  const socket = connect(at)
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  expect([socket.getProtocol(), pinOf(socket)]).toEqual(['TLSv1.3', tlsPin])
  socket.destroy()

  const older = connect({ ...at, maxVersion: 'TLSv1.2' })
  const error = await new Promise<Error>((resolve) => older.once('error', resolve))
  expect(error.message).toMatch(/protocol version/i)
})

test('a join code is good for one key; the same key may come again', async () => {
  await using center = await RunningCenter.start()
  const { token } = await center.invite('a')
  const [key, thief] = [newSigningKey(), newSigningKey()]

  const answers = [
    await center.join(key, token),
    await center.join(key, token),
    await center.join(thief, token),
  ]

  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 403])
  expect(answers[2]?.json).toMatchObject({ code: 'JOIN_CODE_INVALID' })
  expect(await center.desk.agents()).toHaveLength(1)
})

test('a join code is spent by any use, also by a key that is known already', async () => {
  await using center = await RunningCenter.start()
  const known = await center.enrol()
  const { token } = await center.invite('again')

  const answers = [
    await center.join(known.key, token),
    await center.join(newSigningKey(), token),
    await center.join(known.key, token),
  ]

  expect(answers.map((answer) => answer.status)).toEqual([200, 403, 200])
  expect(await center.desk.agents()).toHaveLength(1)
})

test('an agent cannot join with a key that it does not hold, and trying does not spend the code', async () => {
  await using center = await RunningCenter.start()
  const { token } = await center.invite('a')
  const [victim, thief] = [newSigningKey(), newSigningKey()]
  const body = JSON.stringify({
    token,
    signingKey: victim.publicKey.toString('base64url'),
    name: 'pc-1',
  })
  const proofs = [
    {},
    bearer('none'),
    bearer(new EnrolledAgent(center, thief).token()),
    bearer(signAccessToken(victim, 'f'.repeat(64), Date.now())),
    bearer(signAccessToken(victim, center.made.center, Date.now() - DAY_MS)),
  ]
  for (const headers of proofs) {
    expect((await center.ask('POST', CENTER_PATHS.join, { body, headers })).status).toBe(401)
  }

  expect(await center.desk.agents()).toEqual([])
  expect((await center.join(victim, token)).status).toBe(200)
})

test('a join code is too old after its time', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const { token } = await center.invite('a')
  clock.advance(DAY_MS - 1)
  expect((await center.join(newSigningKey(), (await center.invite('b')).token)).status).toBe(200)

  clock.advance(1)

  expect((await center.join(newSigningKey(), token)).status).toBe(403)
})

test('the register holds no token, only its digest', async () => {
  await using center = await RunningCenter.start()
  const { token } = await center.invite('Kept name')
  await center.close()

  const register = ['register.sqlite', 'register.sqlite-wal'].map((name) =>
    readFileSync(join(center.folder, name)),
  )
  const all = Buffer.concat(register)

  expect(all.includes('Kept name')).toBe(true)
  expect(all.includes(token)).toBe(false)
})

test('a key under which forged signatures hold does not join, and does not spend the code', async () => {
  await using center = await RunningCenter.start()
  const { token } = await center.invite('a')
  const ofOrder8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'
  for (const hex of [ofOrder8, `${'00'.repeat(31)}80`, `ed${'ff'.repeat(30)}7f`]) {
    const signingKey = Buffer.from(hex, 'hex').toString('base64url')
    const body = JSON.stringify({ token, signingKey, name: 'x' })
    expect(await center.ask('POST', CENTER_PATHS.join, { body })).toMatchObject({
      status: 401,
      json: { code: 'SIGNATURE_INVALID' },
    })
  }
  expect((await center.join(newSigningKey(), token)).status).toBe(200)
})

test('an agent that waits for approval may do nothing but ask', async () => {
  await using center = await RunningCenter.start()
  const key = newSigningKey()
  await center.join(key, (await center.invite('a')).token)
  const agent = new EnrolledAgent(center, key)

  expect((await agent.ask('GET', CENTER_PATHS.agent)).json).toEqual({ state: 'pending', name: 'a' })
  expect(await agent.ask('GET', CENTER_PATHS.keys)).toMatchObject({
    status: 403,
    json: { code: 'AGENT_UNKNOWN' },
  })
  expect(await agent.ask('POST', CENTER_PATHS.packs)).toMatchObject({ status: 403 })
})

test('a revoked agent is refused at its next request, and stays so', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  expect((await agent.ask('GET', CENTER_PATHS.keys)).status).toBe(200)

  await center.desk.revoke(agent.key.kid.slice(0, 12))

  expect(await agent.ask('GET', CENTER_PATHS.keys)).toMatchObject({
    status: 403,
    json: { code: 'AGENT_REVOKED' },
  })
  await expect(center.desk.approve(agent.key.kid)).rejects.toMatchObject({ code: 'AGENT_REVOKED' })
  await center.join(agent.key, (await center.invite('again')).token)
  expect(await agent.ask('GET', CENTER_PATHS.keys)).toMatchObject({
    status: 403,
    json: { code: 'AGENT_REVOKED' },
  })
})

test('a revocation by mistake is taken back: an approved agent goes on, a waiting one waits', async () => {
  await using center = await RunningCenter.start()
  const approved = await center.enrol()
  const waiting = newSigningKey()
  await center.join(waiting, (await center.invite('b')).token)
  for (const { kid } of [approved.key, waiting]) await center.desk.revoke(kid)
  expect((await approved.ask('GET', CENTER_PATHS.keys)).status).toBe(403)

  for (const { kid } of [approved.key, waiting]) await center.desk.unrevoke(kid)

  expect((await approved.ask('GET', CENTER_PATHS.keys)).status).toBe(200)
  expect((await center.desk.status()).agents).toEqual({ pending: 1, approved: 1, revoked: 0 })
  await expect(center.desk.unrevoke(waiting.kid.slice(0, 19))).rejects.toMatchObject({
    code: 'AGENT_UNKNOWN',
  })
})

test.each([
  ['too short', (kid: string) => kid.slice(0, 7)],
  ['of 8 digits, which somebody may have made on purpose,', (kid: string) => kid.slice(0, 8)],
  ['that lacks one of the digits that are shown', (kid: string) => kid.slice(0, 19)],
  ['that no agent has', () => 'ffffffffffffffff'],
  ['that is none', () => '%%%%%%%%'],
])('a fingerprint %s approves nobody', async (_, written) => {
  await using center = await RunningCenter.start()
  const key = newSigningKey()
  await center.join(key, (await center.invite('a')).token)

  await expect(center.desk.approve(written(key.kid))).rejects.toMatchObject({ code: 'AGENT_UNKNOWN' })

  expect((await center.desk.status()).agents).toEqual({ pending: 1, approved: 0, revoked: 0 })
})
