import { createRequire, isBuiltin } from 'node:module'
import { relative } from 'node:path'
import type { Plugin } from 'esbuild'

const NAMESPACE = 'required-builtins'
const require = createRequire(import.meta.url)

/**
 * Has the bundle call `require` for modules of Node. An `import` reads all exports of such a module, also those that Node
 * loads only when they are read: with `node:http` these are fetch, WebSocket and EventSource, which Ferry does not use.
 */
export const requiredBuiltins: Plugin = {
  name: NAMESPACE,
  setup(bundle) {
    bundle.onResolve({ filter: /./ }, ({ path, kind, namespace, importer }) => {
      if (namespace === NAMESPACE || kind !== 'import-statement' || !isBuiltin(path)) return undefined
      // One for each importing file: a common one would be a file of its own, which each start would read.
      return { path, namespace: NAMESPACE, suffix: `?${relative(process.cwd(), importer)}` }
    })
    bundle.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({ contents: moduleFor(path) }))
  },
}

/** Each export is read by a call that has no effects: esbuild leaves out those that no file imports. */
function moduleFor(path: string): string {
  const names = Object.keys(Object(require(path))).filter(
    (name) => /^[\p{L}$_][\p{L}\d$_]*$/u.test(name) && name !== 'default',
  )
  return [
    `const module = require(${JSON.stringify(path)})`,
    'const read = (name) => module[name]',
    'export default module',
    ...names.map(
      (name) => `const _${name} = /* @__PURE__ */ read('${name}'); export { _${name} as ${name} }`,
    ),
  ].join('\n')
}
