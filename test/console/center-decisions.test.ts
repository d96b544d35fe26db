import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { newSigningKey, shortFingerprint } from '../../src/protocol/signing-key.ts'
import { openAgeFile } from '../support/instances/age-file.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const INIT = [
  'init',
  '--name',
  'Center',
  '--public-url',
  'https://127.0.0.1:8443',
  '--recovery-key',
  'key.txt',
]

interface Place {
  readonly path: string
  readonly kid: string
}

/** A center with one agent in its waiting room. */
async function withWaitingAgent(look: (place: Place) => Promise<void>): Promise<void> {
  using folder = tempFolder()
  await run(folder.path, INIT)
  const { kid, publicKey } = newSigningKey()
  const [tokenSha256, now] = ['a'.repeat(64), Date.now()]
  const invite = { tokenSha256, name: 'North Street', createdAt: now, expiresAt: now + 1000, isUsed: false }
  const register = openRegister(folder.join('center-data'))
  await register.agents.addInvite(invite)
  await register.agents.join({ tokenSha256, kid, publicKey, ownName: 'pc-7', now })
  register.close()
  await look({ path: folder.path, kid })
}

const run = (path: string, args: readonly string[], answer?: string) =>
  runCommand(path, args, {
    program: ferryCenterProgram,
    ...(answer !== undefined && { ask: async () => answer }),
  })

test('approving asks for every digit that is shown; a few of them are enough only if a person looks and says yes', async () => {
  await withWaitingAgent(async ({ path, kid }) => {
    const few = kid.slice(0, 8)
    const unseen = await run(path, ['approve', few])
    const no = await run(path, ['approve', few], 'n')
    const waiting = await run(path, ['agents'])
    const yes = await run(path, ['approve', few], 'y')

    expect(unseen).toMatchObject({ exitCode: 2, err: expect.stringContaining('whole fingerprint') })
    expect(no.exitCode).not.toBe(0)
    expect(no.err).toContain(`North Street (calls itself pc-7): ${shortFingerprint(kid)}`)
    expect(waiting.out).toContain('PENDING')
    expect(yes).toMatchObject({ exitCode: 0, out: 'North Street is approved.\n' })
  })
})

test('the whole fingerprint approves without a question, however it is written', async () => {
  for (const write of [
    shortFingerprint,
    (kid: string) => kid,
    (kid: string) => kid.slice(0, 20).toUpperCase(),
  ]) {
    await withWaitingAgent(async ({ path, kid }) => {
      expect((await run(path, ['approve', write(kid)])).exitCode).toBe(0)
    })
  }
})

test('revoke shows the agent that it shuts out, and unrevoke takes it back', async () => {
  await withWaitingAgent(async ({ path, kid }) => {
    await run(path, ['approve', kid])
    const kept = await run(path, ['revoke', kid.slice(0, 8)], '')
    const revoked = await run(path, ['revoke', kid.slice(0, 8)])
    const back = await run(path, ['unrevoke', shortFingerprint(kid)])

    expect(kept.exitCode).not.toBe(0)
    expect(revoked).toMatchObject({ exitCode: 0, err: expect.stringContaining(shortFingerprint(kid)) })
    expect(back).toMatchObject({ exitCode: 0, out: 'North Street is accepted again.\n' })
    const { agents } = JSON.parse((await run(path, ['agents', '--json'])).out)
    expect(agents).toMatchObject([{ state: 'approved', revokedAt: null }])
  })
})

test('keys are made, listed, revoked and saved by command, and the saved file opens to them with age', async () => {
  using folder = tempFolder()
  await run(folder.path, INIT)
  for (const args of [
    ['rotate', 'receipt'],
    ['rotate', 'seal', '--now'],
    ['rotate', 'tls', '--hours', '48'],
    ['add-recovery', '--output', 'second.txt'],
    ['publish', '--above', '9999999999'],
    ['export', 'keys.age'],
  ]) {
    expect(await run(folder.path, ['keys', ...args])).toMatchObject({ exitCode: 0 })
  }
  const { keys } = JSON.parse((await run(folder.path, ['keys', 'list', '--json'])).out) as {
    keys: { kind: string; id: string; state: string }[]
  }
  expect(keys.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'receipt inUse',
    'receipt announced',
    'seal retired',
    'seal inUse',
    'recovery inUse',
    'recovery inUse',
    'tls inUse',
    'tls announced',
  ])
  const retired = keys.find(({ state }) => state === 'retired')?.id ?? ''
  expect((await run(folder.path, ['keys', 'revoke', retired.slice(0, 20)])).exitCode).toBe(0)
  expect((await run(folder.path, ['keys', 'list'])).out).toMatch(/sealing +revoked/)
  for (const name of ['key.txt', 'second.txt']) {
    const [, identity = ''] = /^(AGE-SECRET-KEY-1.*)$/m.exec(readFileSync(folder.join(name), 'utf8')) ?? []
    const { plaintext } = openAgeFile(readFileSync(folder.join('keys.age')), [parseIdentity(identity)])
    expect(JSON.parse(plaintext.toString())).toMatchObject({
      format: 'ferry-center-keys/2',
      receipt: [{}, {}],
    })
  }
})

test('a further recovery key is never shown where it could be kept by accident', async () => {
  using folder = tempFolder()
  await run(folder.path, INIT)
  const { exitCode, out, err } = await run(folder.path, ['keys', 'add-recovery'])
  expect([exitCode, /AGE-SECRET-KEY/.test(out + err)]).toEqual([2, false])
})
