import { resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const CLIENT = `
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import api from 'undici/lib/api/index.js'
// As undici's own index does it.
Object.assign(Dispatcher.prototype, api)
export { Agent }
`

/** Loads HTTP/2 when a server chooses it: `node:http2` takes 4 MB. */
const HTTP_2 = `
module.exports = (...args) => require('undici/lib/dispatcher/client-h2.js')(...args)
`

const resolveDir = resolve(import.meta.dirname, '..')

/** The index of undici also loads fetch, WebSocket, caches and mocks. Ferry uses its agent only. */
export const httpClient: Plugin = {
  name: 'http-client',
  setup(bundle) {
    bundle.onResolve({ filter: /^undici$/ }, () => ({ path: 'client', namespace: 'http-client' }))
    bundle.onResolve({ filter: /^\.\/client-h2\.js$/ }, () => ({ path: 'http-2', namespace: 'http-client' }))
    bundle.onLoad({ filter: /./, namespace: 'http-client' }, ({ path }) => ({
      contents: path === 'client' ? CLIENT : HTTP_2,
      resolveDir,
    }))
  },
}
