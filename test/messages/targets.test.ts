import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Message } from '../../src/messages/message.ts'
import type { TargetSettings } from '../../src/messages/target-settings.ts'
import { fitText } from '../../src/messages/targets/fit-text.ts'
import { openTarget } from '../../src/messages/targets/open-target.ts'
import { Failure, failureFrom } from '../../src/platform/failure.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { MailServer, WebhookStub } from '../support/peers/message-stubs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const NOTHING = { begun: [], lasting: [], ended: [] }
const MESSAGE: Message = {
  at: 1,
  name: '区域影像中心',
  title: '标题',
  lines: ['第一行', '第二行'],
  ...NOTHING,
}
const SECRET = 'SEC0123456789'

async function send(settings: TargetSettings, message = MESSAGE): Promise<string> {
  const clock = new ManualClock()
  return await openTarget(settings, clock)
    .send(message, new AbortController().signal)
    .then(
      () => 'sent',
      (error: unknown) => failureFrom(error, 'INTERNAL', 'sending').message,
    )
}

async function withStub() {
  const stack = new AsyncDisposableStack()
  const [stub, folder] = [stack.use(await WebhookStub.start()), stack.use(tempFolder())]
  const urlFile = folder.join('url')
  writeFileSync(urlFile, `${stub.url}/robot/send?access_token=TOKEN-OF-THE-ROBOT\n`)
  return { stub, folder, urlFile, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('a robot of 企业微信 gets a text, and its refusal in a 200 answer is a failure without the address', async () => {
  await using it = await withStub()
  const robot = { name: 'duty', kind: 'wecom', wecom: { urlFile: it.urlFile } } as const
  expect(await send(robot)).toBe('sent')
  expect(JSON.parse(it.stub.posted[0]?.body ?? '')).toEqual({
    msgtype: 'text',
    text: { content: '标题\n第一行\n第二行' },
  })
  it.stub.answer = {
    status: 200,
    body: '{"errcode":93000,"errmsg":"invalid webhook url https://x/?key=KEY"}',
  }
  expect(await send(robot)).toMatch(/the robot refuses it: 93000 invalid webhook url …$/)
  it.stub.answer = { status: 200, body: '<html>' }
  expect(await send(robot)).toContain('not that of a robot')
  expect(await send(robot)).not.toContain('TOKEN-OF-THE-ROBOT')
})

test('a robot of 钉钉 gets the time and its signature by the secret', async () => {
  await using it = await withStub()
  const secretFile = it.folder.join('secret')
  writeFileSync(secretFile, SECRET)
  const robot = { name: 'duty', kind: 'dingtalk', dingtalk: { urlFile: it.urlFile, secretFile } } as const
  expect(await send(robot)).toBe('sent')
  const url = new URL(it.stub.posted[0]?.url ?? '', it.stub.url)
  const timestamp = url.searchParams.get('timestamp') ?? ''
  expect(timestamp).toBe(String(new ManualClock().now()))
  const signature = createHmac('sha256', SECRET).update(`${timestamp}\n${SECRET}`).digest('base64')
  expect(url.searchParams.get('sign')).toBe(signature)
  expect(url.searchParams.get('access_token')).toBe('TOKEN-OF-THE-ROBOT')
})

test('a webhook gets JSON with a bearer token, follows no redirect, and a missing file is a failure', async () => {
  await using it = await withStub()
  const tokenFile = it.folder.join('token')
  writeFileSync(tokenFile, 'TOKEN\n')
  const webhook = { name: 'desk', kind: 'webhook', webhook: { urlFile: it.urlFile, tokenFile } } as const
  expect(await send(webhook)).toBe('sent')
  expect(it.stub.posted[0]?.headers.authorization).toBe('Bearer TOKEN')
  expect(JSON.parse(it.stub.posted[0]?.body ?? '')).toMatchObject({ version: 1, title: '标题', ...NOTHING })
  it.stub.answer = { status: 302, body: '' }
  expect(await send(webhook)).toContain('it answers 302')
  expect(await send({ ...webhook, webhook: { urlFile: it.folder.join('none') } })).toContain('ENOENT')
})

test('mail goes out with its text, and a wrong password is a failure that does not show it', async () => {
  await using it = await withStub()
  await using server = await MailServer.start('right password')
  const passwordFile = it.folder.join('password')
  const mail = {
    host: '127.0.0.1',
    port: server.port,
    security: 'none' as const,
    username: 'ferry',
    passwordFile,
    from: 'ferry@example.org',
    to: ['a@example.org', 'b@example.org'],
  } as const
  writeFileSync(passwordFile, 'right password\n')
  expect(await send({ name: 'post', kind: 'mail', mail })).toBe('sent')
  expect(server.mails[0]).toContain('To: a@example.org, b@example.org')
  writeFileSync(passwordFile, 'wrong password\n')
  const answer = await send({ name: 'post', kind: 'mail', mail })
  expect(answer).toContain(`sending mail by 127.0.0.1:${server.port}`)
  expect(answer).not.toContain('wrong password\n')
  const refused = await send({ name: 'post', kind: 'mail', mail: { ...mail, security: 'starttls' } })
  expect(refused).toContain('STARTTLS')
})

test('a text that is too long ends with the number of lines that are left out', () => {
  const lines = Array.from({ length: 100 }, (_, i) => `第${i}行`)
  const text = fitText({ title: '标题', lines }, 200)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200)
  expect(text.startsWith('标题\n第0行\n')).toBe(true)
  expect(text).toMatch(/\n… \(\+\d+\)$/)
  expect(fitText({ title: '标'.repeat(200), lines: [] }, 100)).toBe('标'.repeat(33))
  expect(new Failure('MESSAGE_UNSENT', '').remedy).toBe('wait')
})
