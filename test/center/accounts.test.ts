import type { IncomingMessage } from 'node:http'
import { expect, test } from '@jest/globals'
import { AccountSessions } from '../../src/center/accounts/account-sessions.ts'
import { hashPassword, isPassword, PASSWORD_COST } from '../../src/center/accounts/password.ts'
import { SignIn } from '../../src/center/accounts/sign-in.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MINUTE_MS = 60_000
const HERE = '10.0.0.1'

function openAccounts(cost = 8) {
  const stack = new DisposableStack()
  const folder = stack.use(tempFolder())
  const register = stack.adopt(openRegister(folder.path), (it) => it.close())
  const clock = new ManualClock(Date.now())
  const signIn = new SignIn(register.accounts, clock, cost)
  return { accounts: register.accounts, signIn, clock, [Symbol.dispose]: () => stack.dispose() }
}

test('a person signs in with the first password, chooses another one, and the first one ends', async () => {
  using opened = openAccounts(PASSWORD_COST)
  const { accounts, signIn } = opened
  const { password } = await signIn.add('张三', 'operator')
  expect(password).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  expect(await signIn.enter('张三', password, HERE)).toMatchObject({ role: 'operator', isFirst: true })
  await signIn.changePassword('张三', password, '一个自己选的很长的密码', HERE)
  await expect(signIn.enter('张三', password, HERE)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' })
  expect(await signIn.enter('张三', '一个自己选的很长的密码', HERE)).toMatchObject({ isFirst: false })
  const [stored] = await accounts.list()
  expect(stored?.password).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/)
  expect(JSON.stringify(stored)).not.toContain('长的密码')
})

test('an unknown name and a wrong password get one answer, and names are unique', async () => {
  using opened = openAccounts()
  const { signIn } = opened
  await signIn.add('ops', 'admin')
  const answers = await Promise.allSettled([
    signIn.enter('ops', 'wrong', HERE),
    signIn.enter('nobody', 'wrong', '10.0.0.2'),
  ])
  expect(new Set(answers.map((answer) => answer.status === 'rejected' && String(answer.reason))).size).toBe(1)
  await expect(signIn.add('ops', 'viewer')).rejects.toMatchObject({ code: 'ACCOUNT_EXISTS' })
  await expect(signIn.add('<script>', 'viewer')).rejects.toMatchObject({ code: 'ACCOUNT_NAME' })
  await expect(signIn.changePassword('ops', 'wrong', 'short', HERE)).rejects.toMatchObject({
    code: 'PASSWORD_CHOICE',
  })
})

test('after five wrong passwords the right one must wait too, longer with each, and guesses at once do not pass', async () => {
  using opened = openAccounts()
  const { signIn, clock } = opened
  const { password } = await signIn.add('ops', 'admin')
  const guesses = Array.from({ length: 12 }, (_, i) => signIn.enter('ops', `guess ${i}`, HERE))
  const codes = (await Promise.allSettled(guesses)).map((one) => one.status === 'rejected' && one.reason.code)
  expect(codes.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(5)
  await expect(signIn.enter('ops', password, '10.9.9.9')).rejects.toMatchObject({ code: 'SIGN_IN_LATER' })
  // The address waits as well, for every name.
  await expect(signIn.enter('other', 'wrong', HERE)).rejects.toMatchObject({ code: 'SIGN_IN_LATER' })
  clock.advance(1000)
  expect(await signIn.enter('ops', password, HERE)).toMatchObject({ name: 'ops' })
  // A right one ends the wait of name and address.
  expect(await signIn.enter('ops', password, HERE)).toMatchObject({ name: 'ops' })
})

test('a password is compared by its letters, whatever form the keyboard sends', async () => {
  const stored = await hashPassword('Ünïcode pässword', 8)
  expect(await isPassword('Ünïcode pässword', stored)).toBe(true)
  expect(await isPassword('Unicode password', stored)).toBe(false)
  expect(await isPassword('x'.repeat(1000), stored)).toBe(false)
  expect(await isPassword('', undefined, 8)).toBe(false)
})

/** A request with the cookie and the secret of a session. */
function requestWith(cookie: string, secret: string | undefined): IncomingMessage {
  const headers = { cookie: cookie.split(';')[0], ...(secret !== undefined && { 'x-ferry-secret': secret }) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sessions read headers alone
  return { headers } as unknown as IncomingMessage
}

test('a session needs its cookie and its secret, ends after an hour of rest, after twelve hours, and with the password', () => {
  const clock = new ManualClock(0)
  const sessions = new AccountSessions(clock, true)
  const { session, cookie } = sessions.begin('ops')
  expect(cookie).toMatch(/^__Host-ferry_center=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
  expect(sessions.of(requestWith(cookie, session.secret))?.name).toBe('ops')
  expect(sessions.of(requestWith(cookie, undefined))).toBeUndefined()
  expect(sessions.of(requestWith(cookie, `${session.secret.slice(0, -1)}!`))).toBeUndefined()
  const other = sessions.begin('ops')
  expect(sessions.of(requestWith(other.cookie, session.secret))).toBeUndefined()
  sessions.endAllOf('ops', session)
  expect(sessions.of(requestWith(other.cookie, other.session.secret))).toBeUndefined()
  for (let hour = 0; hour < 12; hour++) {
    clock.advance(59 * MINUTE_MS)
    expect(sessions.of(requestWith(cookie, session.secret))?.name).toBe('ops')
  }
  clock.advance(13 * MINUTE_MS)
  expect(sessions.of(requestWith(cookie, session.secret))).toBeUndefined()
  const resting = sessions.begin('ops')
  clock.advance(60 * MINUTE_MS)
  expect(sessions.of(requestWith(resting.cookie, resting.session.secret))).toBeUndefined()
})
