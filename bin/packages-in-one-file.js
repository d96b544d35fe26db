import module from 'node:module'

// 100 files of zod and yaml are two by build/bundle-packages.js: whoever waits for `ferry status` waits for files.
const FOLDER = new URL('../dist/packages/', import.meta.url)
const BUNDLED = new Map(['zod', 'yaml'].map((name) => [name, new URL(name + '.js', FOLDER).href]))
const OURS = new URL('../dist/', import.meta.url).href

module.registerHooks({
  resolve(specifier, context, next) {
    const url = context.parentURL?.startsWith(OURS) ? BUNDLED.get(specifier) : undefined
    return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true }
  },
})
