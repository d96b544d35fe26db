import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { build, type Plugin } from 'esbuild'
import { httpClient } from '../../../build/http-client.ts'
import { requiredBuiltins } from '../../../build/package/required-builtins.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Says which modules of Node are loaded, asks a server that speaks HTTP/2 alone, and says it again. */
const PROGRAM = `
  import { createServer, METHODS } from 'node:http'
  import { Agent } from 'undici'
  const loaded = () =>
    ['http2', 'internal/deps/undici/undici'].filter((name) => process.moduleLoadList.includes('NativeModule ' + name))
  const before = loaded()
  const { createServer: createHttp2Server } = await import('node:http2')
  const server = createHttp2Server((request, response) => response.end('over ' + request.httpVersion))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const agent = new Agent({ useH2c: true })
  const origin = 'http://127.0.0.1:' + server.address().port
  const { body } = await agent.request({ origin, path: '/', method: 'GET' })
  const answer = await body.text()
  await agent.close()
  server.close()
  process.stdout.write(JSON.stringify({ before, answer, parts: [typeof createServer, METHODS.includes('GET')] }))
`

async function run(plugins: Plugin[]): Promise<unknown> {
  using folder = tempFolder()
  const outfile = folder.join('program.mjs')
  await build({
    stdin: { contents: PROGRAM, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins,
    banner: { js: "const require = process.getBuiltinModule('module').createRequire(import.meta.url)" },
  })
  return JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' }))
}

const parts = ['function', true]

test('a bundle loads neither fetch nor HTTP/2 of Node before it needs them, and then speaks HTTP/2', async () => {
  expect(await run([httpClient, requiredBuiltins])).toEqual({ before: [], answer: 'over 2.0', parts })
})

test('a bundle that imports modules of Node loads fetch and HTTP/2 with them', async () => {
  const before = ['http2', 'internal/deps/undici/undici']
  expect(await run([httpClient])).toEqual({ before, answer: 'over 2.0', parts })
})
