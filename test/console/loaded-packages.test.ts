import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../support/temp-folder.ts'

/** Says at the end which packages were loaded. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const packages = new Set()
  const load = (url, context, next) => {
    packages.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1])
    return next(url, context)
  }
  registerHooks({ load })
  process.on('exit', () => process.stderr.write('loaded ' + [...packages].filter(Boolean).join(' ')))
`)}`

async function packagesOf(...args: string[]): Promise<string[]> {
  using folder = tempFolder()
  const child = spawn(process.execPath, ['--import', HOOK, resolve('src/console/ferry.ts'), ...args], {
    cwd: folder.path,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [err] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return /loaded (.*)$/.exec(err)?.[1]?.split(' ').toSorted() ?? []
}

test('ferry status, which people wait for, loads nothing that it does not need; ferry echo loads what it needs', async () => {
  expect(await packagesOf('status')).toEqual(['commander', 'tweetnacl', 'yaml', 'zod'])
  expect(await packagesOf('echo', 'FERRY@127.0.0.1:1')).toContain('dcmjs-dimse')
})
