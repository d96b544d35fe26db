import { resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const PARTS = `
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import api from 'undici/lib/api/index.js'
// As undici's own index does it.
Object.assign(Dispatcher.prototype, api)
export { Agent }
`

/** The index of undici also loads fetch, WebSocket, caches and mocks. Ferry uses its agent only. */
export const httpClient: Plugin = {
  name: 'http-client',
  setup(bundle) {
    bundle.onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'http-client' }))
    bundle.onLoad({ filter: /.*/, namespace: 'http-client' }, () => ({
      contents: PARTS,
      resolveDir: resolve(import.meta.dirname, '..'),
    }))
  },
}
