import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { makeProjectKey, readProjectKey } from '../../../src/agent/deid-records/project-key-file.ts'
import { CenterAccount } from '../../../src/agent/send/center-account.ts'
import { readIdentity } from '../../../src/center/keys/center-identity.ts'
import { initCenter } from '../../../src/center/keys/center-keys.ts'
import { StowClient } from '../../../src/dicomweb/stow-client.ts'
import { readTlsCredentials } from '../../../src/dimse/tls/tls-credentials.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { until } from '../../support/clocks/until.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { tempFolder } from '../../support/temp-folder.ts'

interface Running extends AsyncDisposable {
  readonly ended: Promise<{ exitCode: number | null; out: string; err: string }>
  /** As a service manager does it. */
  readonly stop: () => void
}

/** Starts a program as a shell whose umask takes nothing away. */
function startOpen(folder: string, program: 'ferry' | 'ferry-center', ...args: string[]): Running {
  const command = 'umask 000; exec "$0" "$@"'
  const child = spawn(
    '/bin/sh',
    ['-c', command, process.execPath, resolve(`src/console/program/${program}.ts`), ...args],
    { cwd: folder, env: { ...process.env, FERRY_LANG: 'en', NODE_OPTIONS: '' } },
  )
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode], out, err]) => ({ exitCode: exitCode as number | null, out, err }),
  )
  return {
    ended,
    stop: () => void child.kill('SIGTERM'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Everything below a folder that other users can use, with its mode. */
function openToOthers(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return [folder, ...entries.map((entry) => join(entry.parentPath, entry.name))]
    .map((path) => ({ path, mode: statSync(path).mode & 0o777 }))
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => `${relative(folder, path) || '.'} ${mode.toString(8)}`)
}

const names = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })

test('other users can use no file of the programs, whatever the umask', async () => {
  using folder = tempFolder()
  const port = await freePort()
  const publicUrl = `https://localhost:${port}`
  const center = folder.join('center')
  mkdirSync(center)
  const init = ['init', '--name', 'Center', '--public-url', publicUrl, '--port', String(port)]
  await startOpen(center, 'ferry-center', ...init, '--recovery-key', 'recovery-key.txt').ended
  await using running = startOpen(center, 'ferry-center', 'run')
  await until(
    () => names(join(center, 'center-data')),
    (found) => found.includes('register.sqlite-wal') && found.includes('lock'),
  )
  const { out: code } = await startOpen(center, 'ferry-center', 'invite', 'Clinic').ended
  expect(openToOthers(join(center, 'center-data'))).toEqual([])

  const clinic = folder.join('clinic')
  mkdirSync(clinic)
  await startOpen(clinic, 'ferry', 'init', '--port', String(await freePort())).ended
  await using joining = startOpen(clinic, 'ferry', 'join', code.trim())
  const { out } = await until(
    () => startOpen(center, 'ferry-center', 'agents', '--json').ended,
    (answer) => answer.out.includes('"pending"'),
  )
  const [fingerprint = ''] = /[0-9a-f]{64}/.exec(out) ?? []
  await startOpen(center, 'ferry-center', 'approve', fingerprint).ended
  expect(await joining.ended).toMatchObject({ exitCode: 0 })
  writeFileSync(
    join(clinic, 'quiet.yaml'),
    `listener: {port: ${await freePort()}}\nstatusPage: {enabled: off}\n`,
  )
  await using agent = startOpen(clinic, 'ferry', 'run', '--config', 'quiet.yaml')
  await until(
    () => names(join(clinic, 'data')),
    (found) => found.includes('control.sock') && found.includes('queue.sqlite-wal'),
  )
  expect(openToOthers(join(clinic, 'data'))).toEqual([])
  // The configuration holds no secret, and the service may run as another user than the one who wrote it.
  expect(statSync(join(clinic, 'ferry.yaml')).mode & 0o777).toBe(0o644)
  expect(statSync(join(center, 'center.yaml')).mode & 0o777).toBe(0o644)
  agent.stop()
  running.stop()
  expect([await agent.ended, await running.ended]).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
  expect(openToOthers(join(clinic, 'data'))).toEqual([])
  expect(openToOthers(join(center, 'center-data'))).toEqual([])
})

test('a new configuration can be read by the service, whichever folder it is written to', async () => {
  using folder = tempFolder()
  await startOpen(folder.path, 'ferry', 'init', '--config', 'etc/ferry/ferry.yaml').ended
  expect(
    ['etc', 'etc/ferry', 'etc/ferry/ferry.yaml'].map((name) => statSync(folder.join(name)).mode & 0o055),
  ).toEqual([0o055, 0o055, 0o044])
})

test('a data folder that is open to others is taken away from them, unless it is used for other things', async () => {
  using folder = tempFolder()
  const shared = folder.join('data')
  mkdirSync(shared)
  writeFileSync(join(shared, 'of-somebody-else'), '')
  chmodSync(shared, 0o755)
  const refused = await startOpen(folder.path, 'ferry', 'init').ended
  expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('(FOLDER_NOT_PRIVATE)')])
  expect(refused.err).toContain('chmod 700')
  expect(statSync(shared).mode & 0o777).toBe(0o755)
  mkdirSync(join(shared, 'keys'))
  expect(await startOpen(folder.path, 'ferry', 'init').ended).toMatchObject({ exitCode: 0 })
  expect(statSync(shared).mode & 0o777).toBe(0o700)
})

interface Secret {
  readonly path: string
  readonly open: () => unknown
}

/** Every file with a secret that the two programs read, and how they read it. */
async function secretsIn(
  folder: ReturnType<typeof tempFolder>,
  authority: InventedAuthority,
): Promise<Secret[]> {
  const [agent, center] = [folder.join('agent'), folder.join('center')]
  await CenterAccount.openToJoin(agent)
  await initCenter(center, 'https://localhost', 0)
  await makeProjectKey(folder.join('project.key'))
  const tls = await authority.issue('ferry')
  for (const name of ['password', 'token']) writeFileSync(folder.join(name), 'x', { mode: 0o600 })
  const pacs = { url: 'http://127.0.0.1:1', username: 'x', timeoutMs: 1000 }
  const openPacs = async (more: object) => {
    const client = await StowClient.open({ ...pacs, ...more }, systemClock)
    await client[Symbol.asyncDispose]()
  }
  return [
    { path: join(agent, 'keys/agent.json'), open: () => CenterAccount.openToJoin(agent) },
    { path: folder.join('project.key'), open: () => readProjectKey(folder.join('project.key')) },
    { path: tls.key, open: () => readTlsCredentials(tls) },
    { path: join(center, 'keys/0001.json'), open: () => readIdentity(center, 0) },
    {
      path: tls.key,
      open: () => readIdentity(center, 0, { certificateFile: tls.certificate, keyFile: tls.key }),
    },
    { path: folder.join('password'), open: () => openPacs({ passwordFile: folder.join('password') }) },
    { path: folder.join('token'), open: () => openPacs({ tokenFile: folder.join('token') }) },
  ]
}

test('a secret that other users of the machine can read is refused at the start, whichever secret it is', async () => {
  using folder = tempFolder()
  using authority = await InventedAuthority.create()
  for (const { path, open } of await secretsIn(folder, authority)) {
    // Negative control: with the right mode each of them is taken.
    await open()
    for (const mode of [0o640, 0o604]) {
      chmodSync(path, mode)
      await expect((async () => open())()).rejects.toMatchObject({
        code: 'KEY_FILE_INVALID',
        message: expect.stringMatching(new RegExp(`${path}.*chmod 600`)),
      })
    }
    chmodSync(path, 0o600)
  }
})
