import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'

/** Says at the end which packages were loaded, and how many files of each. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const packages = new Map()
  const load = (url, context, next) => {
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]
    if (name) packages.set(name, (packages.get(name) ?? 0) + 1)
    return next(url, context)
  }
  registerHooks({ load })
  process.on('exit', () => process.stderr.write('loaded ' + JSON.stringify([...packages])))
`)}`

async function filesByPackage(program: string, ...args: string[]): Promise<Map<string, number>> {
  using folder = tempFolder()
  const child = spawn(process.execPath, ['--import', HOOK, resolve(program), ...args], {
    cwd: folder.path,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [err] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return new Map(JSON.parse(/loaded (.*)$/.exec(err)?.[1] ?? '[]') as [string, number][])
}

test('ferry status, which people wait for, loads nothing that it does not need; ferry echo loads what it needs', async () => {
  const ofStatus = await filesByPackage('src/console/program/ferry.ts', 'status')
  expect(Array.from(ofStatus.keys()).toSorted()).toEqual(['commander', 'yaml', 'zod'])
  const ofEcho = await filesByPackage('src/console/program/ferry.ts', 'echo', 'FERRY@127.0.0.1:1')
  expect(Array.from(ofEcho.keys())).toContain('dcmjs-dimse')
})

test.each(['ferry', 'ferry-center'])(
  'as bin/%s.js starts it, zod and yaml are a file each, of the build',
  async (name) => {
    const loaded = await filesByPackage(`bin/${name}.js`, 'status')
    expect(Array.from(loaded.keys())).toContain('commander')
    expect(loaded.get('zod')).toBeUndefined()
    expect(loaded.get('yaml')).toBeUndefined()
  },
)
