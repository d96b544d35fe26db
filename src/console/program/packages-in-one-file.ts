import { registerHooks } from 'node:module'

/**
 * Makes our compiled code load zod, yaml and undici from one file each, which build/bundle-packages.js writes: most of the time
 * that `ferry status` takes is the loading of files, and nine tenths of undici are not used. The programs in bin/ call this before they import anything else.
 */
export function loadPackagesInOneFile(): void {
  const ours = new URL('../../', import.meta.url).href
  const bundled = new Map(
    ['zod', 'yaml', 'undici'].map((name) => [name, new URL(`packages/${name}.js`, ours).href]),
  )
  registerHooks({
    resolve(specifier, context, next) {
      const url = context.parentURL?.startsWith(ours) === true ? bundled.get(specifier) : undefined
      return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true }
    },
  })
}
