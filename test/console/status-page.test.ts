import { request } from 'node:http'
import { expect, test } from '@jest/globals'
import { type StatusPage, startStatusPage } from '../../src/console/web/status-page.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { CUT_OFF, FakeControlService } from '../support/peers/fake-control-service.ts'

async function startPage(): Promise<StatusPage & { service: FakeControlService }> {
  const service = new FakeControlService()
  return {
    service,
    ...(await startStatusPage({ host: '127.0.0.1', port: 0, service, clock: systemClock, log: silentLog })),
  }
}

/** fetch sets its own Host header; an attacker's browser would send the attacker's. */
function statusFor(url: string, host: string, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host }, method }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('the page may run only its own script and reach only its own server', async () => {
  await using page = await startPage()
  const response = await fetch(page.url)
  const text = await response.text()
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'; require-trusted-types-for 'script'")
  expect(policy).not.toMatch(/unsafe|nonce|https?:/)
  expect(text).not.toMatch(/<script>|<style|https?:\/\/| on\w+=/)
})

test('the status comes in the asked-for language, what is wrong first', async () => {
  await using page = await startPage()
  page.service.state = CUT_OFF
  const ask = async (lang: string): Promise<unknown> =>
    (await fetch(`${page.url}api/status?lang=${lang}`)).json()
  expect(await ask('zh')).toMatchObject({ schemaVersion: 1, level: 'act', headline: '有 1 件事需要您处理' })
  expect(await ask('en')).toMatchObject({
    headline: 'Needs you: 1',
    findings: [{ level: 'act', what: expect.stringContaining('the center cannot be reached') }],
  })
})

test('a web site that takes this address under its own name is turned away', async () => {
  await using page = await startPage()
  const status = (host: string): Promise<number | undefined> => statusFor(`${page.url}api/status`, host)
  expect(await status('evil.example:80')).toBe(421)
  expect(await status('127.0.0.1.evil.example')).toBe(421)
  expect(await status('localhost:11180')).toBe(200)
  expect(await status('127.0.0.1:11180')).toBe(200)
  expect(await status('[::1]:11180')).toBe(200)
})

test('nothing can be changed through the page without a session', async () => {
  await using page = await startPage()
  expect(await statusFor(`${page.url}api/status`, 'localhost', 'POST')).toBe(405)
  expect(await statusFor(`${page.url}api/act/retry`, 'localhost', 'POST')).toBe(403)
  expect(await statusFor(`${page.url}v1/retry`, 'localhost')).toBe(404)
  expect(page.service.retries).toEqual([])
})

test('a taken port is a failure that names it', async () => {
  await using page = await startPage()
  const { port } = new URL(page.url)
  await expect(
    startStatusPage({
      host: '127.0.0.1',
      port: Number(port),
      service: page.service,
      clock: systemClock,
      log: silentLog,
    }),
  ).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(port) })
})
